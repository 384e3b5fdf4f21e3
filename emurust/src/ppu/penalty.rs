//! By how much objects and the scroll position lengthen mode 3.

use super::Ppu;

impl Ppu {
    /// Extra T-cycles of mode 3 on the current line.
    pub(super) fn mode3_penalty(&self) -> u64 {
        u64::from((self.scx & 7).div_ceil(4) * 4)
    }
}
