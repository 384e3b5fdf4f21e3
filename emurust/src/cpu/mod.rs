//! The SM83 processor: registers, and one instruction at a time against any [`Bus`].

mod alu;
mod dispatch;
mod execute;
mod prefix;

/// What the processor is wired to. Each call is one M-cycle, that is four T-cycles.
pub trait Bus {
    /// Reads a byte; the access sees the system as it stands at the start of its M-cycle.
    fn read(&mut self, address: u16) -> u8;
    /// As [`Bus::read`], of the address FF00 plus `offset`.
    fn read_last_page(&mut self, offset: u8) -> u8 {
        self.read(0xFF00 | u16::from(offset))
    }
    /// Reads the opcode of an instruction, the first of its M-cycles.
    fn read_opcode(&mut self, address: u16) -> u8 {
        self.read(address)
    }
    /// The four bytes from `address` on, the first one lowest, where they are the same at any time; passes no time.
    fn ahead(&self, _address: u16) -> Option<u32> {
        None
    }
    /// Whoever runs the processor is to look: it has halted, locked up, or may take interrupts from now on.
    fn stop(&mut self) {}
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
        } else if self.enabling {
            self.step_behind_ei(bus);
        } else {
            self.step_plainly(bus);
        }
    }

    /// As [`Cpu::step`], for as long as the bus has not been told to [`Bus::stop`]: no interrupt is due then.
    #[inline(always)]
    pub fn step_plainly<B: Bus>(&mut self, bus: &mut B) {
        if let Some(mut code) = bus.ahead(self.pc) {
            let opcode = self.fetch::<B, true>(bus, &mut code);
            self.dispatch::<B, true>(bus, opcode, code);
        } else {
            self.step_by_byte(bus);
        }
    }

    #[inline(never)]
    fn step_behind_ei<B: Bus>(&mut self, bus: &mut B) {
        self.enabling = false;
        self.ime = true;
        self.step_by_byte(bus);
        self.behind_ei = self.halted;
        bus.stop();
    }

    /// An instruction whose bytes are read one by one, each in its M-cycle.
    #[inline(never)]
    fn step_by_byte<B: Bus>(&mut self, bus: &mut B) {
        let opcode = bus.read_opcode(self.pc);
        self.pc = self.pc.wrapping_add(1);
        self.dispatch::<B, false>(bus, opcode, 0);
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

    /// The next byte of the instruction: from `code` where it was read `AHEAD`, else from the bus.
    #[inline(always)]
    fn fetch<B: Bus, const AHEAD: bool>(&mut self, bus: &mut B, code: &mut u32) -> u8 {
        let value = if AHEAD {
            bus.idle();
            let value = *code as u8;
            *code >>= 8;
            value
        } else {
            bus.read(self.pc)
        };
        self.pc = self.pc.wrapping_add(1);
        value
    }

    #[inline(always)]
    fn fetch_word<B: Bus, const AHEAD: bool>(&mut self, bus: &mut B, code: &mut u32) -> u16 {
        let low = self.fetch::<B, AHEAD>(bus, code);
        let high = self.fetch::<B, AHEAD>(bus, code);
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
