//! The Python module `emurust._native`.

mod batch;
mod game_boy;

use pyo3::prelude::*;

#[pymodule]
#[pyo3(name = "_native")]
fn native(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<game_boy::Core>()?;
    module.add_class::<batch::BatchCore>()?;
    module.add("BUTTONS", crate::joypad::BUTTONS)?;
    Ok(())
}
