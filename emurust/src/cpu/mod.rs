//! The SM83 processor: registers, and one instruction at a time against any [`Bus`].

mod alu;
mod dispatch;
mod execute;
mod prefix;

/// What the processor is wired to. Each call is one M-cycle, that is four T-cycles.
pub trait Bus {
    /// Reads a byte; the access sees the system as it stands at the start of its M-cycle.
    fn read(&mut self, address: u16) -> u8;
    /// Reads the opcode of an instruction, the first of its M-cycles.
    fn read_opcode(&mut self, address: u16) -> u8 {
        self.read(address)
    }
    /// As [`Bus::read`], for the instructions that PyBoy keeps from memory which the picture unit uses.
    fn read_guarded(&mut self, address: u16) -> u8 {
        self.read(address)
    }
    /// As [`Bus::write`], for the instructions that PyBoy keeps from memory which the picture unit uses.
    fn write_guarded(&mut self, address: u16, value: u8) {
        self.write(address, value);
    }
    /// Writes a byte at the start of its M-cycle.
    fn write(&mut self, address: u16, value: u8);
    /// Passes an M-cycle without an access.
    fn idle(&mut self);
    /// Interrupts that are both requested and enabled, one bit each.
    fn pending(&self) -> u8;
    /// Clears the request of the interrupt with this number.
    fn acknowledge(&mut self, number: u32);
    /// Writes a byte without passing time, as if `behind` T-cycles ago.
    fn write_behind(&mut self, address: u16, value: u8, behind: u64);
}

pub const ZERO: u8 = 0x80;
pub const SUBTRACT: u8 = 0x40;
pub const HALF: u8 = 0x20;
pub const CARRY: u8 = 0x10;

/// The registers, and what the processor remembers between instructions.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Cpu {
    pub a: u8,
    pub f: u8,
    pub b: u8,
    pub c: u8,
    pub d: u8,
    pub e: u8,
    pub h: u8,
    pub l: u8,
    pub sp: u16,
    pub pc: u16,
    /// Interrupt master enable.
    pub ime: bool,
    /// EI was the last instruction: interrupts are enabled once the next one has been carried out.
    pub enabling: bool,
    pub halted: bool,
    /// This HALT came right behind EI.
    pub behind_ei: bool,
    /// The handler that ends this HALT returns to it.
    pub repeating: bool,
    /// An opcode that does not exist was met: the processor stays there, as the real one does.
    pub locked: bool,
}

impl Cpu {
    pub fn bc(&self) -> u16 {
        u16::from_be_bytes([self.b, self.c])
    }

    pub fn de(&self) -> u16 {
        u16::from_be_bytes([self.d, self.e])
    }

    pub fn hl(&self) -> u16 {
        u16::from_be_bytes([self.h, self.l])
    }

    pub fn set_bc(&mut self, value: u16) {
        [self.b, self.c] = value.to_be_bytes();
    }

    pub fn set_de(&mut self, value: u16) {
        [self.d, self.e] = value.to_be_bytes();
    }

    pub fn set_hl(&mut self, value: u16) {
        [self.h, self.l] = value.to_be_bytes();
    }

    fn flag(&self, mask: u8) -> bool {
        self.f & mask != 0
    }

    /// Carries out one instruction, or enters the handler of an interrupt. A halted processor must not be stepped.
    #[inline(always)]
    pub fn step<B: Bus>(&mut self, bus: &mut B) {
        if self.ime && bus.pending() != 0 {
            self.interrupt(bus);
            return;
        }
        let enabling = std::mem::take(&mut self.enabling);
        self.ime |= enabling;
        let opcode = bus.read_opcode(self.pc);
        self.pc = self.pc.wrapping_add(1);
        self.dispatch(bus, opcode);
        if enabling {
            self.behind_ei = self.halted;
        }
    }

    /// Ends a HALT.
    pub fn wake(&mut self) {
        self.halted = false;
        self.behind_ei = false;
        self.pc = self.pc.wrapping_add(u16::from(!std::mem::take(&mut self.repeating)));
    }

    /// Enters the handler of the pending interrupt with the lowest number.
    ///
    /// The upper byte of PC is pushed before the vector is chosen: a push onto IE changes it.
    pub fn interrupt<B: Bus>(&mut self, bus: &mut B) {
        self.ime = false;
        bus.idle();
        bus.idle();
        let [high, low] = self.pc.to_be_bytes();
        self.sp = self.sp.wrapping_sub(1);
        bus.write(self.sp, high);
        let pending = bus.pending();
        self.sp = self.sp.wrapping_sub(1);
        bus.write(self.sp, low);
        bus.idle();
        if pending == 0 {
            self.pc = 0;
            return;
        }
        let number = pending.trailing_zeros();
        bus.acknowledge(number);
        self.pc = 0x40 + 8 * number as u16;
    }

    #[inline(always)]
    fn fetch<B: Bus>(&mut self, bus: &mut B) -> u8 {
        let value = bus.read(self.pc);
        self.pc = self.pc.wrapping_add(1);
        value
    }

    #[inline(always)]
    fn fetch_word<B: Bus>(&mut self, bus: &mut B) -> u16 {
        let low = self.fetch(bus);
        let high = self.fetch(bus);
        u16::from_le_bytes([low, high])
    }

    fn push<B: Bus>(&mut self, bus: &mut B, value: u16) {
        let [high, low] = value.to_be_bytes();
        for _ in 0..3 {
            bus.idle();
        }
        // PyBoy writes in the last two M-cycles, one later than its reads would come.
        self.sp = self.sp.wrapping_sub(1);
        bus.write_behind(self.sp, high, 8);
        self.sp = self.sp.wrapping_sub(1);
        bus.write_behind(self.sp, low, 4);
    }

    fn pop<B: Bus>(&mut self, bus: &mut B) -> u16 {
        let low = bus.read(self.sp);
        self.sp = self.sp.wrapping_add(1);
        let high = bus.read(self.sp);
        self.sp = self.sp.wrapping_add(1);
        u16::from_le_bytes([low, high])
    }
}
