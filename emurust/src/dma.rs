//! OAM DMA: 160 bytes, one each M-cycle, copied when somebody may notice.

use crate::snapshot::{Codec, Fields};
use crate::timer::NEVER;

#[derive(Clone)]
pub struct Dma {
    /// The register FF46.
    pub register: u8,
    /// Clock at which the first byte is copied; `NEVER` if no transfer runs.
    pub start: u64,
    /// Bytes that have been copied.
    pub copied: u8,
}

impl Dma {
    pub const LENGTH: u8 = 160;

    pub fn new() -> Self {
        Dma { register: 0, start: NEVER, copied: 0 }
    }

    pub fn begin(&mut self, value: u8, now: u64) {
        self.register = value;
        self.start = now + 12;
        self.copied = 0;
    }

    #[inline(always)]
    pub fn active(&self) -> bool {
        self.start != NEVER
    }

    /// Keeps the processor from OAM: it reads ones there, and what it writes is lost.
    pub fn blocks_oam(&self, now: u64) -> bool {
        self.active() && now >= self.start
    }

    /// Number of bytes that are due at `now`.
    pub fn due(&self, now: u64) -> u8 {
        if now < self.start { 0 } else { ((now - self.start) / 4 + 1).min(u64::from(Self::LENGTH)) as u8 }
    }

    /// The page that is copied; what lies above E000 is the echo of work RAM.
    pub fn page(&self) -> u16 {
        let page = u16::from(self.register) << 8;
        if page >= 0xE000 { page - 0x2000 } else { page }
    }
}

impl Default for Dma {
    fn default() -> Self {
        Self::new()
    }
}

impl Fields for Dma {
    fn fields(&mut self, codec: &mut Codec) {
        codec.u8(&mut self.register);
        codec.u64(&mut self.start);
        codec.u8(&mut self.copied);
    }
}
