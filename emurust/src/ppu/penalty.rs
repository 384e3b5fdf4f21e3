//! By how much objects and the scroll position change the length of mode 3, as PyBoy has it.

use super::Ppu;

/// Objects at this X or beyond stand outside the line, on the right.
const OUTSIDE: u8 = 168;

impl Ppu {
    /// T-cycles by which mode 3 of the current line is longer than 172; negative if all its objects stand outside.
    ///
    /// Each visible object costs 6. The first one at each X also waits for the tile below it, by up to 5. The line has
    /// 7 of these cycles for free, and SCX is rounded up to 4.
    pub(super) fn mode3_penalty(&mut self) -> i64 {
        let scroll = i64::from((self.scx & 7).div_ceil(4) * 4);
        if self.lcdc & 2 == 0 {
            return scroll;
        }
        let (found, count) = self.objects_on_line();
        if count == 0 {
            return scroll;
        }
        let mut seen = [0u8; super::render::LIMIT];
        let mut visible = 0;
        let mut cost = 0;
        for &index in &found[..count] {
            let x = self.oam[index * 4 + 1];
            if x >= OUTSIDE {
                continue;
            }
            cost += 6;
            if !seen[..visible].contains(&x) {
                cost += (5 - i64::from(x.wrapping_add(self.scx) & 7)).max(0);
            }
            seen[visible] = x;
            visible += 1;
        }
        if visible == 0 { scroll - 4 } else { scroll + (cost - 7).max(0) }
    }
}
