//! The clock and the parts: everything that the processor is wired to.

mod memory_map;

use crate::cartridge::Cartridge;
use crate::cpu::Bus;
use crate::dma::Dma;
use crate::joypad::Joypad;
use crate::ppu::Ppu;
use crate::serial::Serial;
use crate::snapshot::{Codec, Fields};
use crate::timer::{NEVER, Timer};

const TIMER: u8 = 4;
const SERIAL: u8 = 8;
const JOYPAD: u8 = 16;

#[derive(Clone)]
pub struct System {
    /// T-cycles since the power was switched on.
    pub clock: u64,
    /// Clock up to which the timer has been brought.
    timer_synced: u64,
    /// Clock of the next event of any part.
    pub next_event: u64,
    requested: u8,
    enabled: u8,
    pub boot: Option<Box<[u8; 256]>>,
    pub booting: bool,
    pub cartridge: Cartridge,
    pub ppu: Ppu,
    pub timer: Timer,
    pub serial: Serial,
    pub joypad: Joypad,
    pub dma: Dma,
    wram: [u8; 0x2000],
    hram: [u8; 0x7F],
    /// FEA0–FEFF: PyBoy keeps what is written there.
    unused: [u8; 0x60],
}

impl System {
    pub fn new(cartridge: Cartridge) -> Self {
        let mut system = System {
            clock: 0,
            timer_synced: 0,
            next_event: 0,
            requested: 0,
            enabled: 0,
            boot: None,
            booting: false,
            cartridge,
            ppu: Ppu::new(),
            timer: Timer::new(),
            serial: Serial::new(),
            joypad: Joypad::new(),
            dma: Dma::new(),
            wram: [0; 0x2000],
            hram: [0; 0x7F],
            unused: [0; 0x60],
        };
        system.plan();
        system
    }

    pub fn plan(&mut self) {
        self.next_event = self.ppu.next.min(self.timer.next).min(self.serial.next);
    }

    /// Lets the events happen that are due. A timer that only counts is left behind: who reads it brings it up.
    pub fn sync(&mut self) {
        let now = self.clock;
        if self.timer.next <= now {
            self.sync_timer(now);
        }
        self.sync_serial(now);
        self.sync_ppu(now);
        self.plan();
    }

    /// Passes whole lines at once in which nothing can happen; returns false if there is none. For HALT only.
    pub fn skip_lines(&mut self) -> bool {
        if self.dma.active() {
            return false;
        }
        let Some(now) = self.ppu.skip_lines(self.timer.next.min(self.serial.next)) else { return false };
        self.clock = now;
        self.plan();
        true
    }

    fn sync_timer(&mut self, now: u64) {
        self.timer_synced = now;
        if self.timer.sync(now) {
            self.requested |= TIMER;
        }
    }

    fn sync_serial(&mut self, now: u64) {
        if self.serial.sync(now) {
            self.requested |= SERIAL;
        }
    }

    /// PyBoy makes one change of mode each time it looks, even where two are due.
    fn sync_ppu(&mut self, now: u64) {
        if self.ppu.next <= now {
            if self.dma.active() {
                self.sync_dma(self.ppu.next);
            }
            self.requested |= self.ppu.advance();
        }
    }

    /// Brings up to date the part that owns a register, and no other: so PyBoy does.
    fn sync_owner(&mut self, register: u8, now: u64) {
        let frame_done = self.ppu.frame_done;
        match register {
            0x01 | 0x02 => self.sync_serial(now),
            0x04..=0x07 => self.sync_timer(now),
            0x40..=0x45 | 0x47..=0x4B => self.sync_ppu(now),
            _ => return,
        }
        self.plan_or_stop(frame_done);
    }

    /// Plans anew behind an access of the processor.
    ///
    /// It is to stop if an interrupt is pending, or the frame has ended since `frame_done` was read.
    fn plan_or_stop(&mut self, frame_done: bool) {
        self.plan();
        if self.pending() != 0 || self.ppu.frame_done && !frame_done {
            self.stop();
        }
    }

    fn sync_dma(&mut self, now: u64) {
        let due = self.dma.due(now);
        let page = self.dma.page();
        for index in self.dma.copied..due {
            let value = self.peek(page + u16::from(index));
            self.ppu.write_oam(index, value);
        }
        self.dma.copied = self.dma.copied.max(due);
        if self.dma.copied == Dma::LENGTH {
            self.dma.start = NEVER;
        }
    }

    /// Sets the buttons that are held down.
    pub fn press(&mut self, pressed: u8) {
        if self.joypad.set(pressed) {
            self.requested |= JOYPAD;
        }
    }

    /// Copies the state of a system with the same ROM, without allocating.
    pub fn copy_from(&mut self, other: &System) {
        self.clock = other.clock;
        self.timer_synced = other.timer_synced;
        self.next_event = other.next_event;
        self.requested = other.requested;
        self.enabled = other.enabled;
        self.booting = other.booting;
        self.cartridge.copy_from(&other.cartridge);
        self.ppu.clone_from(&other.ppu);
        self.timer.clone_from(&other.timer);
        self.serial.clone_from(&other.serial);
        self.joypad.clone_from(&other.joypad);
        self.dma.clone_from(&other.dma);
        self.wram = other.wram;
        self.hram = other.hram;
        self.unused = other.unused;
    }
}

impl Fields for System {
    fn fields(&mut self, codec: &mut Codec) {
        codec.u64(&mut self.clock);
        codec.u64(&mut self.timer_synced);
        codec.u8(&mut self.requested);
        codec.u8(&mut self.enabled);
        codec.bool(&mut self.booting);
        codec.bytes(&mut self.wram);
        codec.bytes(&mut self.hram);
        codec.bytes(&mut self.unused);
        let parts: [&mut dyn Fields; 6] =
            [&mut self.cartridge, &mut self.ppu, &mut self.timer, &mut self.serial, &mut self.joypad, &mut self.dma];
        for part in parts {
            part.fields(codec);
        }
        self.plan();
    }
}
