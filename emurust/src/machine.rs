//! A whole Game Boy, run frame by frame.

use std::fmt;
use std::sync::Arc;

use crate::cartridge::{Cartridge, RomError};
use crate::cpu::{Bus, Cpu};
use crate::snapshot::{Codec, Fields, hash};
use crate::system::System;

const MAGIC: &[u8; 8] = b"EMURUST\x02";

#[derive(Clone)]
pub struct Machine {
    pub cpu: Cpu,
    pub system: System,
    /// T-cycles that passed in HALT, a figure for benchmarks: states do not hold it.
    pub halted: u64,
    rom_hash: u64,
}

/// A saved state that cannot be loaded.
#[derive(Debug, PartialEq, Eq)]
pub struct StateError(pub String);

impl fmt::Display for StateError {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for StateError {}

impl Machine {
    /// A machine as it stands when the power is switched on, with a boot ROM or past it.
    pub fn new(rom: Arc<[u8]>, boot: Option<[u8; 256]>) -> Result<Self, RomError> {
        let rom_hash = hash(&rom);
        let mut machine =
            Machine { cpu: Cpu::default(), system: System::new(Cartridge::new(rom)?), halted: 0, rom_hash };
        match boot {
            Some(boot) => {
                machine.system.boot = Some(Box::new(boot));
                machine.system.booting = true;
            }
            None => machine.skip_boot(),
        }
        Ok(machine)
    }

    /// The registers that the DMG's boot ROM leaves behind (Pan Docs, "Power Up Sequence").
    fn skip_boot(&mut self) {
        let cpu = &mut self.cpu;
        (cpu.a, cpu.f) = (0x01, 0xB0);
        cpu.set_bc(0x0013);
        cpu.set_de(0x00D8);
        cpu.set_hl(0x014D);
        (cpu.sp, cpu.pc) = (0xFFFE, 0x0100);
        for (address, value) in [(0xFF47, 0xFC), (0xFF40, 0x91)] {
            self.system.poke(address, value);
        }
    }

    /// Runs to the end of the frame. Lines are drawn only if `render` is set.
    pub fn run_frame(&mut self, render: bool) {
        self.system.ppu.rendering = render;
        self.system.ppu.frame_done = false;
        while !self.system.ppu.frame_done {
            if self.cpu.halted {
                self.rest();
            } else {
                self.work();
            }
        }
    }

    /// Passes time in HALT, from event to event, up to a request or the end of the frame.
    fn rest(&mut self) {
        let system = &mut self.system;
        let begin = system.clock;
        while !system.ppu.frame_done {
            if system.pending() != 0 {
                self.cpu.wake();
                break;
            }
            if !system.skip_lines() {
                system.clock = (system.clock + 4).max(system.next_event);
                system.sync();
            }
        }
        self.halted += system.clock - begin;
    }

    /// Carries out instructions up to the next event, or until one of them halts, locks up or ends the frame.
    fn work(&mut self) {
        let (cpu, system) = (&mut self.cpu, &mut self.system);
        if cpu.locked {
            system.clock = (system.clock + 4).max(system.next_event);
        } else {
            cpu.step(system);
            while system.clock < system.next_event {
                cpu.step_plainly(system);
            }
        }
        // The clock of the next event may stand for something else to look at: it is worked out anew.
        system.plan();
        if system.clock >= system.next_event {
            // Where an event of another part falls into a HALT right behind EI, PyBoy's handler returns to the HALT.
            cpu.repeating = cpu.behind_ei;
            system.sync();
        }
    }

    /// Runs `frames` frames and draws the last one if `render` is set.
    pub fn run_frames(&mut self, frames: u32, render: bool) {
        for left in (0..frames).rev() {
            self.run_frame(render && left == 0);
        }
    }

    /// Copies the state of a machine with the same ROM, without allocating.
    pub fn copy_from(&mut self, other: &Machine) {
        self.cpu.clone_from(&other.cpu);
        self.system.copy_from(&other.system);
    }

    /// The state as bytes, in a format of its own.
    pub fn save(&mut self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.rom_hash.to_le_bytes());
        let mut body = Vec::with_capacity(50_000);
        self.fields(&mut Codec::Write(&mut body));
        out.extend_from_slice(&hash(&body).to_le_bytes());
        out.extend_from_slice(&body);
        out
    }

    /// Takes over a saved state. The machine is unchanged if the state is refused.
    pub fn load(&mut self, state: &[u8]) -> Result<(), StateError> {
        let refuse = |text: &str| Err(StateError(text.to_string()));
        if state.len() < 24 || state[..7] != MAGIC[..7] {
            return refuse("this is no state of emurust. Remedy: bytes that `save_state` returned");
        }
        if state[7] != MAGIC[7] {
            return Err(StateError(format!(
                "the state has version {}, and this emurust reads version {}. Remedy: save it anew",
                state[7], MAGIC[7]
            )));
        }
        if state[8..16] != self.rom_hash.to_le_bytes() {
            return refuse("the state belongs to another ROM. Remedy: a state that was saved with this ROM");
        }
        let body = &state[24..];
        if state[16..24] != hash(body).to_le_bytes() {
            return refuse("the state is damaged: its checksum does not fit. Remedy: save it anew");
        }
        let mut candidate = self.clone();
        let mut codec = Codec::reader(body);
        candidate.fields(&mut codec);
        if !codec.complete() {
            return refuse("the state has the wrong length. Remedy: save it anew");
        }
        self.copy_from(&candidate);
        Ok(())
    }
}

impl Fields for Machine {
    fn fields(&mut self, codec: &mut Codec) {
        let cpu = &mut self.cpu;
        for register in [&mut cpu.a, &mut cpu.f, &mut cpu.b, &mut cpu.c, &mut cpu.d, &mut cpu.e, &mut cpu.h, &mut cpu.l]
        {
            codec.u8(register);
        }
        codec.u16(&mut cpu.sp);
        codec.u16(&mut cpu.pc);
        for flag in
            [&mut cpu.ime, &mut cpu.enabling, &mut cpu.halted, &mut cpu.behind_ei, &mut cpu.repeating, &mut cpu.locked]
        {
            codec.bool(flag);
        }
        self.system.fields(codec);
    }
}
