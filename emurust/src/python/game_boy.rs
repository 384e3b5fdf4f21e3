//! One Game Boy as Python sees it. The friendly API is written in Python, on top of this class.

use std::sync::Arc;

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::machine::Machine;

/// One machine. Names of registers and buttons are checked by the Python class that holds it.
#[pyclass(module = "emurust._native")]
pub struct Core {
    machine: Machine,
}

#[pymethods]
impl Core {
    #[new]
    #[pyo3(signature = (rom, boot_rom=None))]
    fn new(rom: &[u8], boot_rom: Option<&[u8]>) -> PyResult<Self> {
        let boot = match boot_rom {
            None => None,
            Some(bytes) => Some(bytes.try_into().map_err(|_| {
                PyValueError::new_err(format!("the boot ROM has {} bytes. Remedy: the DMG's has 256", bytes.len()))
            })?),
        };
        let machine = Machine::new(Arc::from(rom), boot).map_err(|error| PyValueError::new_err(error.0))?;
        Ok(Core { machine })
    }

    /// Runs frames without holding the GIL.
    fn tick(&mut self, py: Python<'_>, frames: u32, render: bool) {
        py.detach(|| self.machine.run_frames(frames, render));
    }

    /// T-cycles since the power was switched on.
    #[getter]
    fn cycles(&self) -> u64 {
        self.machine.system.clock
    }

    /// T-cycles of this object's frames that passed in HALT.
    #[getter]
    fn halted_cycles(&self) -> u64 {
        self.machine.halted
    }

    #[getter]
    fn buttons(&self) -> u8 {
        self.machine.system.joypad.pressed
    }

    #[setter]
    fn set_buttons(&mut self, pressed: u8) {
        self.machine.system.press(pressed);
    }

    /// A, F, B, C, D, E, HL, SP, PC.
    fn registers(&self) -> [u16; 9] {
        let cpu = &self.machine.cpu;
        let byte = u16::from;
        [byte(cpu.a), byte(cpu.f), byte(cpu.b), byte(cpu.c), byte(cpu.d), byte(cpu.e), cpu.hl(), cpu.sp, cpu.pc]
    }

    fn set_register(&mut self, index: usize, value: u16) -> PyResult<()> {
        let cpu = &mut self.machine.cpu;
        match index {
            0 => cpu.a = value as u8,
            1 => cpu.f = value as u8 & 0xF0,
            2 => cpu.b = value as u8,
            3 => cpu.c = value as u8,
            4 => cpu.d = value as u8,
            5 => cpu.e = value as u8,
            6 => cpu.set_hl(value),
            7 => cpu.sp = value,
            8 => cpu.pc = value,
            _ => return Err(PyIndexError::new_err(format!("no register {index}"))),
        }
        Ok(())
    }

    /// `length` bytes from `start` on, as the processor would read them.
    fn read<'py>(&mut self, py: Python<'py>, start: u16, length: usize) -> PyResult<Bound<'py, PyBytes>> {
        let system = &mut self.machine.system;
        PyBytes::new_with(py, length, |out| {
            for (index, byte) in out.iter_mut().enumerate() {
                *byte = system.inspect(start.wrapping_add(index as u16));
            }
            Ok(())
        })
    }

    fn write(&mut self, start: u16, data: &[u8]) {
        for (index, byte) in data.iter().enumerate() {
            self.machine.system.poke(start.wrapping_add(index as u16), *byte);
        }
    }

    /// A byte of a ROM bank, or None where that bank does not exist.
    fn rom_byte(&self, bank: usize, address: u16) -> Option<u8> {
        self.machine.system.cartridge.rom_byte(bank, address)
    }

    #[getter]
    fn rom_banks(&self) -> usize {
        self.machine.system.cartridge.rom_banks()
    }

    #[getter]
    fn rom_bank(&self) -> usize {
        self.machine.system.cartridge.current_bank()
    }

    /// Shades 0–3 of the last frame that was drawn, line by line.
    fn pixels<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.machine.system.ppu.pixels)
    }

    fn cartridge_ram<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.machine.system.cartridge.ram)
    }

    fn set_cartridge_ram(&mut self, data: &[u8]) -> PyResult<()> {
        let ram = &mut self.machine.system.cartridge.ram;
        if data.len() != ram.len() {
            return Err(PyValueError::new_err(format!(
                "{} bytes of cartridge RAM. Remedy: this cartridge has {}",
                data.len(),
                ram.len()
            )));
        }
        ram.copy_from_slice(data);
        Ok(())
    }

    fn save<'py>(&mut self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.machine.save())
    }

    fn load(&mut self, state: &[u8]) -> PyResult<()> {
        self.machine.load(state).map_err(|error| PyValueError::new_err(error.0))
    }
}
