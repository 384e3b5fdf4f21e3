//! Many Game Boys as Python sees them. Shapes and ranges are checked here; the friendly API is written in Python.

use std::sync::Arc;

use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::batch::{Batch, Screen, Step};

#[pyclass(module = "emurust._native")]
pub struct BatchCore {
    batch: Batch,
    pool: rayon::ThreadPool,
}

/// The bytes of a writable, contiguous buffer of `length` bytes.
#[allow(unsafe_code, clippy::mut_from_ref)]
fn writable<'a>(buffer: &'a PyBuffer<u8>, length: usize, name: &str) -> PyResult<&'a mut [u8]> {
    if buffer.readonly() || !buffer.is_c_contiguous() || buffer.len_bytes() != length {
        return Err(PyValueError::new_err(format!(
            "{name} is a buffer of {} bytes. Remedy: a writable, contiguous array of {length} bytes",
            buffer.len_bytes()
        )));
    }
    // SAFETY: the buffer is contiguous, writable and as long as the slice, and `PyBuffer` keeps it alive and fixed in
    // size. The observations are written straight into NumPy's memory; the caller hands over arrays of its own.
    Ok(unsafe { std::slice::from_raw_parts_mut(buffer.buf_ptr().cast(), length) })
}

fn expect_length(found: usize, expected: usize, name: &str) -> PyResult<()> {
    if found == expected {
        return Ok(());
    }
    Err(PyValueError::new_err(format!("{name} has {found} entries. Remedy: one for each of the {expected} machines")))
}

#[pymethods]
impl BatchCore {
    #[new]
    fn new(rom: &[u8], count: usize, screen: &str, addresses: Vec<u16>, threads: usize) -> PyResult<Self> {
        let screen = match screen {
            "full" => Screen::Full,
            "half" => Screen::Half,
            "packed" => Screen::Packed,
            other => {
                let text = format!("the screen {other:?} is unknown. Remedy: \"full\", \"half\" or \"packed\"");
                return Err(PyValueError::new_err(text));
            }
        };
        if count == 0 {
            return Err(PyValueError::new_err("0 machines. Remedy: at least one"));
        }
        let batch =
            Batch::new(Arc::from(rom), count, screen, addresses).map_err(|error| PyValueError::new_err(error.0))?;
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        Ok(BatchCore { batch, pool })
    }

    #[getter]
    fn screen_bytes(&self) -> usize {
        self.batch.screen_bytes()
    }

    #[getter]
    fn snapshots(&self) -> usize {
        self.batch.snapshots()
    }

    fn set_snapshots(&mut self, states: Vec<Vec<u8>>) -> PyResult<()> {
        if states.is_empty() {
            return Err(PyValueError::new_err("no snapshot. Remedy: at least one state"));
        }
        self.batch.set_snapshots(&states).map_err(|error| PyValueError::new_err(error.0))
    }

    /// Sets machine `i` to snapshot `choices[i]`, or leaves it where that is negative.
    fn reset(&mut self, py: Python<'_>, choices: Vec<i32>) -> PyResult<()> {
        expect_length(choices.len(), self.batch.len(), "choices")?;
        let count = self.batch.snapshots() as i32;
        if let Some(wrong) = choices.iter().find(|choice| **choice >= count) {
            return Err(PyIndexError::new_err(format!("no snapshot {wrong}. Remedy: 0 to {}", count - 1)));
        }
        py.detach(|| self.pool.install(|| self.batch.reset(&choices)));
        Ok(())
    }

    /// Runs one step of every machine and, unless the buffers are empty, writes what each one shows.
    #[allow(clippy::too_many_arguments)]
    fn step(
        &mut self,
        py: Python<'_>,
        buttons: Vec<u8>,
        frames: Vec<u32>,
        press: u32,
        screens: PyBuffer<u8>,
        ram: PyBuffer<u8>,
    ) -> PyResult<()> {
        expect_length(buttons.len(), self.batch.len(), "buttons")?;
        expect_length(frames.len(), self.batch.len(), "frames")?;
        let (screens, ram) = self.outputs(&screens, &ram)?;
        let step = Step { buttons: &buttons, frames: &frames, press };
        let (pool, batch) = (&self.pool, &mut self.batch);
        py.detach(|| {
            pool.install(|| {
                batch.step(&step, !screens.is_empty());
                batch.observe(screens, ram);
            });
        });
        Ok(())
    }

    /// Writes what each machine shows.
    fn observe(&mut self, py: Python<'_>, screens: PyBuffer<u8>, ram: PyBuffer<u8>) -> PyResult<()> {
        let (screens, ram) = self.outputs(&screens, &ram)?;
        let (pool, batch) = (&self.pool, &mut self.batch);
        py.detach(|| pool.install(|| batch.observe(screens, ram)));
        Ok(())
    }

    /// The state of one machine as bytes.
    fn save<'py>(&mut self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyBytes>> {
        let count = self.batch.len();
        let machine = self.batch.machine(index);
        let machine =
            machine.ok_or_else(|| PyIndexError::new_err(format!("no machine {index}. Remedy: 0 to {}", count - 1)))?;
        Ok(PyBytes::new(py, &machine.save()))
    }

    /// Sets one machine to a saved state.
    fn load(&mut self, index: usize, state: &[u8]) -> PyResult<()> {
        let count = self.batch.len();
        let machine = self.batch.machine(index);
        let machine =
            machine.ok_or_else(|| PyIndexError::new_err(format!("no machine {index}. Remedy: 0 to {}", count - 1)))?;
        machine.load(state).map_err(|error| PyValueError::new_err(error.0))
    }
}

impl BatchCore {
    fn outputs<'a>(&self, screens: &'a PyBuffer<u8>, ram: &'a PyBuffer<u8>) -> PyResult<(&'a mut [u8], &'a mut [u8])> {
        let wanted = if screens.len_bytes() == 0 { 0 } else { self.batch.len() * self.batch.screen_bytes() };
        let screens = if wanted == 0 { &mut [] } else { writable(screens, wanted, "screens")? };
        let wanted = self.batch.len() * self.batch.ram_bytes();
        let ram = if wanted == 0 { &mut [] } else { writable(ram, wanted, "ram")? };
        Ok((screens, ram))
    }
}
