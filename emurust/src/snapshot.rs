//! The saved state: one description of the fields, used to write and to read them.

/// Writes fields to bytes, or reads them back in the same order.
pub enum Codec<'a> {
    Write(&'a mut Vec<u8>),
    Read { bytes: &'a [u8], at: usize, short: bool },
}

impl<'a> Codec<'a> {
    pub fn reader(bytes: &'a [u8]) -> Self {
        Codec::Read { bytes, at: 0, short: false }
    }

    pub fn bytes(&mut self, data: &mut [u8]) {
        match self {
            Codec::Write(out) => out.extend_from_slice(data),
            Codec::Read { bytes, at, short } => match bytes.get(*at..*at + data.len()) {
                Some(found) => {
                    data.copy_from_slice(found);
                    *at += data.len();
                }
                None => *short = true,
            },
        }
    }

    pub fn u8(&mut self, value: &mut u8) {
        self.bytes(std::slice::from_mut(value));
    }

    pub fn bool(&mut self, value: &mut bool) {
        let mut byte = u8::from(*value);
        self.u8(&mut byte);
        *value = byte != 0;
    }

    pub fn u16(&mut self, value: &mut u16) {
        let mut bytes = value.to_le_bytes();
        self.bytes(&mut bytes);
        *value = u16::from_le_bytes(bytes);
    }

    pub fn u64(&mut self, value: &mut u64) {
        let mut bytes = value.to_le_bytes();
        self.bytes(&mut bytes);
        *value = u64::from_le_bytes(bytes);
    }

    pub fn i64(&mut self, value: &mut i64) {
        let mut bytes = value.to_le_bytes();
        self.bytes(&mut bytes);
        *value = i64::from_le_bytes(bytes);
    }

    /// Reading ended exactly at the last byte.
    pub fn complete(&self) -> bool {
        match self {
            Codec::Write(_) => true,
            Codec::Read { bytes, at, short } => !short && *at == bytes.len(),
        }
    }
}

/// A part of the machine whose fields can be saved.
pub trait Fields {
    fn fields(&mut self, codec: &mut Codec);
}

/// FNV-1a, 64 bits: tells one ROM from another, and a damaged state from a whole one.
pub fn hash(data: &[u8]) -> u64 {
    data.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01B3))
}
