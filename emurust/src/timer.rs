//! The divider and the timer. Both are brought up to date only when somebody looks, or when TIMA is reloaded.

use crate::snapshot::{Codec, Fields};

/// Never: the time of an event that does not come.
pub const NEVER: u64 = u64::MAX;

#[derive(Clone, Default)]
pub struct Timer {
    /// Clock at which the 16-bit divider was zero.
    origin: u64,
    /// Clock up to which TIMA has been counted.
    counted: u64,
    /// Clock at which TIMA takes TMA, while an overflow waits for that; else `NEVER`.
    reload: u64,
    /// Clock of the last reload: the four cycles behind it have rules of their own.
    reloaded: u64,
    tima: u8,
    tma: u8,
    tac: u8,
    /// Clock of the next reload, as long as nobody writes.
    pub next: u64,
}

impl Timer {
    pub fn new() -> Self {
        Timer { reload: NEVER, reloaded: NEVER, next: NEVER, ..Default::default() }
    }

    fn enabled(&self) -> bool {
        self.tac & 4 != 0
    }

    /// Number of the lowest bits of the divider whose carry TIMA counts: it ticks as they wrap.
    fn bits(&self) -> u32 {
        [10, 4, 6, 8][usize::from(self.tac & 3)]
    }

    /// The bit whose falling edge TIMA counts, as it stands at `now`.
    fn signal(&self, now: u64) -> bool {
        self.enabled() && now.saturating_sub(self.origin) >> (self.bits() - 1) & 1 != 0
    }

    fn plan(&mut self) {
        self.next = if self.reload != NEVER {
            self.reload
        } else if self.enabled() {
            let period = 1 << self.bits();
            let ticks = 0x100 - u64::from(self.tima);
            let since = self.counted.saturating_sub(self.origin);
            self.origin + (since / period + ticks) * period + 4
        } else {
            NEVER
        };
    }

    /// Counts up to `now`; returns true if TIMA was reloaded, which requests the interrupt.
    pub fn sync(&mut self, now: u64) -> bool {
        let mut interrupt = false;
        loop {
            if self.reload <= now {
                self.tima = self.tma;
                self.reloaded = self.reload;
                self.reload = NEVER;
                interrupt = true;
            }
            if !self.enabled() {
                self.counted = now;
                break;
            }
            let bits = self.bits();
            let edges = (now.saturating_sub(self.origin) >> bits) - (self.counted.saturating_sub(self.origin) >> bits);
            let room = 0x100 - u64::from(self.tima);
            if edges < room {
                self.tima = (u64::from(self.tima) + edges) as u8;
                self.counted = now;
                break;
            }
            let overflow = self.origin + (((self.counted.saturating_sub(self.origin) >> bits) + room) << bits);
            self.counted = overflow;
            self.tima = 0;
            self.reload = overflow + 4;
            if self.reload > now {
                self.counted = now;
                break;
            }
        }
        self.plan();
        interrupt
    }

    fn tick(&mut self, now: u64) {
        self.tima = self.tima.wrapping_add(1);
        if self.tima == 0 {
            self.reload = now + 4;
        }
    }

    pub fn read(&self, register: u8, now: u64) -> u8 {
        match register {
            4 => (now.saturating_sub(self.origin) >> 8) as u8,
            5 => self.tima,
            6 => self.tma,
            _ => self.tac | 0xF8,
        }
    }

    /// Writes a register; `sync` must have been called for the same `now`.
    pub fn write(&mut self, register: u8, value: u8, now: u64) {
        let reloading = self.reloaded == now;
        match register {
            4 => self.reset_divider(now),
            5 if reloading => {}
            5 => {
                self.reload = NEVER;
                self.tima = value;
            }
            6 => {
                self.tma = value;
                if reloading {
                    self.tima = value;
                }
            }
            _ => {
                let before = self.signal(now);
                self.tac = value & 7;
                if before && !self.signal(now) {
                    self.tick(now);
                }
            }
        }
        self.plan();
    }

    /// Sets the divider to zero. If the bit that TIMA watches was set, that is a falling edge.
    fn reset_divider(&mut self, now: u64) {
        let falling = self.signal(now);
        self.origin = now;
        self.counted = now;
        if falling {
            self.tick(now);
        }
        self.plan();
    }
}

impl Fields for Timer {
    fn fields(&mut self, codec: &mut Codec) {
        for clock in [&mut self.origin, &mut self.counted, &mut self.reload, &mut self.reloaded, &mut self.next] {
            codec.u64(clock);
        }
        for register in [&mut self.tima, &mut self.tma, &mut self.tac] {
            codec.u8(register);
        }
    }
}
