//! Many machines with one ROM, stepped at once on a pool of threads.

use std::sync::Arc;

use rayon::prelude::*;

use crate::cartridge::RomError;
use crate::machine::{Machine, StateError};
use crate::ppu::{HEIGHT, WIDTH};

/// How a screen becomes an observation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Screen {
    /// 144 × 160 bytes of grey, 255 for the lightest shade.
    Full,
    /// 72 × 80 bytes of grey: every second pixel of every second line.
    Half,
    /// 72 × 20 bytes: `Half`'s shades 0–3, four a byte, the leftmost in the highest bits.
    Packed,
}

const GREY: [u8; 4] = [255, 153, 85, 0];

impl Screen {
    pub fn bytes(self) -> usize {
        match self {
            Screen::Full => WIDTH * HEIGHT,
            Screen::Half => WIDTH * HEIGHT / 4,
            Screen::Packed => WIDTH * HEIGHT / 16,
        }
    }

    fn write(self, pixels: &[u8], out: &mut [u8]) {
        let half = || pixels.chunks_exact(2 * WIDTH).flat_map(|lines| lines[..WIDTH].iter().step_by(2));
        match self {
            Screen::Full => out.iter_mut().zip(pixels).for_each(|(byte, shade)| *byte = GREY[usize::from(*shade & 3)]),
            Screen::Half => out.iter_mut().zip(half()).for_each(|(byte, shade)| *byte = GREY[usize::from(*shade & 3)]),
            Screen::Packed => {
                out.fill(0);
                for (index, shade) in half().enumerate() {
                    out[index / 4] |= (shade & 3) << (6 - 2 * (index % 4));
                }
            }
        }
    }
}

/// What one step does to each machine.
pub struct Step<'a> {
    /// Buttons that each machine holds.
    pub buttons: &'a [u8],
    /// Frames of each machine's step, at least one.
    pub frames: &'a [u32],
    /// Frames after which the buttons are released.
    pub press: u32,
}

pub struct Batch {
    machines: Vec<Machine>,
    snapshots: Vec<Machine>,
    screen: Screen,
    addresses: Vec<u16>,
}

impl Batch {
    pub fn new(rom: Arc<[u8]>, count: usize, screen: Screen, addresses: Vec<u16>) -> Result<Self, RomError> {
        let machine = Machine::new(rom, None)?;
        Ok(Batch { machines: vec![machine.clone(); count], snapshots: vec![machine], screen, addresses })
    }

    pub fn len(&self) -> usize {
        self.machines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.machines.is_empty()
    }

    pub fn ram_bytes(&self) -> usize {
        self.addresses.len()
    }

    pub fn screen_bytes(&self) -> usize {
        self.screen.bytes()
    }

    pub fn snapshots(&self) -> usize {
        self.snapshots.len()
    }

    /// Replaces the states that resets start from.
    pub fn set_snapshots(&mut self, states: &[Vec<u8>]) -> Result<(), StateError> {
        let mut snapshots = Vec::with_capacity(states.len());
        for state in states {
            let mut machine = self.machines[0].clone();
            machine.load(state)?;
            snapshots.push(machine);
        }
        self.snapshots = snapshots;
        Ok(())
    }

    /// Sets the machines whose choice is not negative to that snapshot. Choices must be below the number of snapshots.
    pub fn reset(&mut self, choices: &[i32]) {
        let snapshots = &self.snapshots;
        self.machines.par_iter_mut().zip(choices).for_each(|(machine, choice)| {
            if let Some(snapshot) = usize::try_from(*choice).ok().and_then(|index| snapshots.get(index)) {
                machine.copy_from(snapshot);
            }
        });
    }

    /// Runs every machine for one step and draws its last frame if `render` is set.
    pub fn step(&mut self, step: &Step, render: bool) {
        self.machines.par_iter_mut().zip(step.buttons).zip(step.frames).for_each(|((machine, buttons), frames)| {
            let frames = (*frames).max(1);
            let held = step.press.min(frames);
            machine.system.press(*buttons);
            machine.run_frames(held, render && held == frames);
            machine.system.press(0);
            machine.run_frames(frames - held, render);
        });
    }

    /// Writes each machine's screen and RAM slice into its row.
    pub fn observe(&mut self, screens: &mut [u8], ram: &mut [u8]) {
        let screen = self.screen;
        let addresses = &self.addresses;
        if !screens.is_empty() {
            let rows = screens.par_chunks_exact_mut(screen.bytes());
            self.machines.par_iter().zip(rows).for_each(|(machine, row)| screen.write(&machine.system.ppu.pixels, row));
        }
        if !addresses.is_empty() {
            let rows = ram.par_chunks_exact_mut(addresses.len());
            self.machines.par_iter_mut().zip(rows).for_each(|(machine, row)| {
                for (byte, address) in row.iter_mut().zip(addresses) {
                    *byte = machine.system.inspect(*address);
                }
            });
        }
    }

    pub fn machine(&mut self, index: usize) -> Option<&mut Machine> {
        self.machines.get_mut(index)
    }
}
