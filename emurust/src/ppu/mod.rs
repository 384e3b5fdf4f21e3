//! The picture unit: a scanline renderer. A line is drawn whole as mode 3 ends.

mod penalty;
mod render;

use crate::snapshot::{Codec, Fields};

pub const WIDTH: usize = 160;
pub const HEIGHT: usize = 144;
/// T-cycles of mode 2, and of a whole line.
const SCAN: u64 = 80;
const LINE: u64 = 456;
/// T-cycles of a frame.
pub const FRAME: u64 = 70_224;

/// Bits of IF.
const VBLANK: u8 = 1;
const STAT: u8 = 2;

/// What ends at [`Ppu::next`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
enum Phase {
    Off,
    /// Mode 2.
    OamScan,
    /// Mode 3.
    Drawing,
    /// Mode 0.
    HBlank,
    /// The four T-cycles of mode 0 in which LY names the coming line already.
    LineEnd,
    /// Mode 1.
    VBlank,
    /// The first line after the LCD was switched on, which has no mode 2.
    FirstLine,
}

const PHASES: [Phase; 7] =
    [Phase::Off, Phase::OamScan, Phase::Drawing, Phase::HBlank, Phase::LineEnd, Phase::VBlank, Phase::FirstLine];

#[derive(Clone)]
pub struct Ppu {
    pub vram: [u8; 0x2000],
    pub oam: [u8; 0xA0],
    /// The objects on each line, one bit each, while `objects_known` is set.
    objects: [u64; HEIGHT],
    objects_known: bool,
    /// Shades 0–3 of the last frame that was drawn, by line.
    pub pixels: [u8; WIDTH * HEIGHT],
    /// Lines are drawn only while this is set.
    pub rendering: bool,
    /// Set as a frame ends; whoever runs frames clears it.
    pub frame_done: bool,
    /// Clock of the next change.
    pub next: u64,
    phase: Phase,
    mode: u8,
    lcdc: u8,
    enables: u8,
    scy: u8,
    scx: u8,
    ly: u8,
    lyc: u8,
    bgp: u8,
    obp: [u8; 2],
    wy: u8,
    wx: u8,
    /// LY was equal to LYC when they were last compared.
    coincidence: bool,
    /// The level of the STAT interrupt line: only its rise requests an interrupt.
    line: bool,
    /// By how much mode 3 of this line is longer than 172 T-cycles, from -4 on.
    penalty: i64,
    /// WY was met in this frame.
    window_met: bool,
    window_line: u8,
    /// The frame after the LCD was switched on stays blank.
    blank: bool,
}

impl Ppu {
    pub fn new() -> Self {
        Ppu {
            vram: [0; 0x2000],
            oam: [0; 0xA0],
            objects: [0; HEIGHT],
            objects_known: false,
            pixels: [3; WIDTH * HEIGHT],
            rendering: true,
            frame_done: false,
            next: FRAME,
            phase: Phase::Off,
            mode: 0,
            lcdc: 0,
            enables: 0,
            scy: 0,
            scx: 0,
            ly: 0,
            lyc: 0,
            bgp: 0xFC,
            obp: [0xFF, 0xFF],
            wy: 0,
            wx: 0,
            coincidence: false,
            line: false,
            penalty: 0,
            window_met: false,
            window_line: 0,
            blank: false,
        }
    }

    /// Makes the one change that is due at [`Ppu::next`]; returns the interrupts that it requests, as bits of IF.
    pub fn advance(&mut self) -> u8 {
        let mut requests = 0;
        match self.phase {
            Phase::Off => {
                self.frame_done = true;
                self.next += FRAME;
                if self.rendering {
                    self.pixels.fill(self.bgp & 3);
                }
                return 0;
            }
            Phase::OamScan | Phase::FirstLine => {
                self.penalty = self.mode3_penalty();
                self.enter(Phase::Drawing, 3, 172u64.wrapping_add_signed(self.penalty));
            }
            Phase::Drawing => {
                self.finish_line();
                // In the frame after the LCD was switched on, VBlank comes four T-cycles early and ends eight late.
                let length: u64 = if self.ly == 143 && !self.blank { 204 } else { 200 };
                self.enter(Phase::HBlank, 0, length.wrapping_add_signed(-self.penalty));
            }
            Phase::HBlank if self.ly == 143 => {
                if self.blank && self.rendering {
                    self.pixels.fill(self.bgp & 3);
                }
                self.ly = 144;
                requests |= VBLANK;
                self.enter(Phase::VBlank, 1, LINE);
                // The mode changes first: between two sources, mode 0 and then LYC, the line falls and rises again.
                requests |= self.update_line();
                self.compare();
                requests |= self.update_line();
                // The source of mode 2 is raised for a moment as VBlank starts.
                if self.enables & 0x20 != 0 && !self.line {
                    requests |= STAT;
                }
            }
            Phase::HBlank => {
                self.ly += 1;
                // In the frame after the LCD was switched on, LY is compared only as its line starts.
                self.coincidence = !self.blank && self.ly == self.lyc;
                self.enter(Phase::LineEnd, 0, 4);
            }
            Phase::LineEnd => {
                self.start_line();
                requests |= self.update_line();
                self.compare();
            }
            Phase::VBlank if self.ly == 153 && self.blank => {
                self.blank = false;
                self.enter(Phase::VBlank, 1, 8);
                return 0;
            }
            Phase::VBlank if self.ly == 153 => {
                self.ly = 0;
                self.frame_done = true;
                self.window_met = false;
                self.window_line = 0;
                self.start_line();
                // As at the start of VBlank: the mode changes before LY is compared.
                requests |= self.update_line();
                self.compare();
            }
            Phase::VBlank => {
                self.ly += 1;
                self.compare();
                self.enter(Phase::VBlank, 1, LINE);
            }
        }
        requests | self.update_line()
    }

    /// Passes as many whole lines as end before `limit`, if nothing can be seen or requested in them.
    ///
    /// Only from mode 2 to mode 2, where every line takes [`LINE`] T-cycles whatever its mode 3 costs. Returns the clock
    /// of the last change.
    pub fn skip_lines(&mut self, limit: u64) -> Option<u64> {
        if self.phase != Phase::OamScan || self.rendering || self.blank || self.line || self.enables & 0x28 != 0 {
            return None;
        }
        let last =
            if self.enables & 0x40 != 0 && self.lyc > self.ly { self.lyc.min(HEIGHT as u8) } else { HEIGHT as u8 };
        let room = (limit - 1).saturating_sub(self.next - SCAN) / LINE;
        let lines = u64::from((last - 1).saturating_sub(self.ly)).min(room) as u8;
        if lines == 0 {
            return None;
        }
        let end = self.ly + lines;
        let met = if self.window_met { self.ly } else { self.wy };
        if self.window_met || (self.ly + 1..=end).contains(&met) {
            self.window_met = true;
            if self.window_shown() {
                self.window_line = self.window_line.wrapping_add(end - met);
            }
        }
        self.ly = end;
        self.compare();
        self.next += u64::from(lines) * LINE;
        Some(self.next - SCAN)
    }

    fn enter(&mut self, phase: Phase, mode: u8, length: u64) {
        self.phase = phase;
        self.mode = mode;
        self.next += length;
    }

    fn start_line(&mut self) {
        if self.wy == self.ly {
            self.window_met = true;
        }
        self.enter(Phase::OamScan, 2, SCAN);
    }

    fn compare(&mut self) {
        self.coincidence = self.ly == self.lyc;
    }

    /// The mode at a clock before the next change but one.
    pub fn mode_at(&self, now: u64) -> u8 {
        match self.phase {
            _ if now < self.next => self.mode,
            Phase::OamScan | Phase::FirstLine => 3,
            Phase::LineEnd => 2,
            Phase::VBlank if self.ly == 153 && !self.blank => 2,
            Phase::VBlank => 1,
            Phase::HBlank if self.ly == 143 => 1,
            Phase::Off | Phase::Drawing | Phase::HBlank => 0,
        }
    }

    fn lcd_on(&self) -> bool {
        self.lcdc & 0x80 != 0
    }

    /// Recomputes the STAT interrupt line; its rise requests the interrupt.
    fn update_line(&mut self) -> u8 {
        let sources = match self.mode {
            0 => 0x08,
            1 => 0x10,
            2 => 0x20,
            _ => 0,
        } | if self.coincidence { 0x40 } else { 0 };
        let line = self.lcd_on() && self.enables & sources != 0;
        let before = std::mem::replace(&mut self.line, line);
        if self.line && !before { STAT } else { 0 }
    }

    pub fn read(&self, register: u8) -> u8 {
        match register {
            0x40 => self.lcdc,
            0x41 => 0x80 | self.enables | u8::from(self.coincidence) << 2 | self.mode,
            0x42 => self.scy,
            0x43 => self.scx,
            0x44 => self.ly,
            0x45 => self.lyc,
            0x47 => self.bgp,
            0x48 => self.obp[0],
            0x49 => self.obp[1],
            0x4A => self.wy,
            0x4B => self.wx,
            _ => 0xFF,
        }
    }

    /// Writes a register at clock `now`; returns the interrupts that this requests.
    pub fn write(&mut self, register: u8, value: u8, now: u64) -> u8 {
        match register {
            0x40 => return self.write_control(value, now),
            0x41 => {
                self.enables = value & 0x78;
                return self.update_line();
            }
            0x42 => self.scy = value,
            0x43 => self.scx = value,
            0x45 => {
                self.lyc = value;
                self.compare();
                return self.update_line();
            }
            0x47 => self.bgp = value,
            0x48 => self.obp[0] = value,
            0x49 => self.obp[1] = value,
            0x4A => self.wy = value,
            0x4B => self.wx = value,
            _ => {}
        }
        0
    }

    pub fn write_oam(&mut self, index: u8, value: u8) {
        let byte = &mut self.oam[usize::from(index)];
        if *byte != value {
            *byte = value;
            self.objects_known = false;
        }
    }

    fn write_control(&mut self, value: u8, now: u64) -> u8 {
        let was_on = self.lcd_on();
        self.objects_known &= (value ^ self.lcdc) & 4 == 0;
        self.lcdc = value;
        if self.lcd_on() == was_on {
            return 0;
        }
        self.ly = 0;
        self.mode = 0;
        self.window_met = false;
        self.window_line = 0;
        if was_on {
            self.phase = Phase::Off;
            self.next = now + FRAME;
            self.frame_done = true;
            self.line = false;
            if self.rendering {
                self.pixels.fill(self.bgp & 3);
            }
            return 0;
        }
        self.phase = Phase::FirstLine;
        self.next = now + 84;
        self.frame_done = true;
        self.blank = true;
        self.compare();
        self.update_line()
    }
}

impl Default for Ppu {
    fn default() -> Self {
        Self::new()
    }
}

impl Fields for Ppu {
    fn fields(&mut self, codec: &mut Codec) {
        codec.bytes(&mut self.vram);
        codec.bytes(&mut self.oam);
        self.objects_known = false;
        codec.bytes(&mut self.pixels);
        codec.bytes(&mut self.obp);
        let mut phase = self.phase as u8;
        codec.u8(&mut phase);
        self.phase = PHASES[usize::from(phase) % PHASES.len()];
        codec.u64(&mut self.next);
        codec.i64(&mut self.penalty);
        for register in [
            &mut self.mode,
            &mut self.lcdc,
            &mut self.enables,
            &mut self.scy,
            &mut self.scx,
            &mut self.ly,
            &mut self.lyc,
            &mut self.bgp,
            &mut self.wy,
            &mut self.wx,
            &mut self.window_line,
        ] {
            codec.u8(register);
        }
        for flag in [
            &mut self.rendering,
            &mut self.frame_done,
            &mut self.line,
            &mut self.coincidence,
            &mut self.window_met,
            &mut self.blank,
        ] {
            codec.bool(flag);
        }
    }
}
