//! Drawing of one line: background, window, objects.

use super::{HEIGHT, Ppu, WIDTH};

/// Objects that fit on a line.
pub(super) const LIMIT: usize = 10;

/// The bits of a byte as the lowest bits of eight bytes, the highest bit first.
static SPREAD: [u64; 256] = spread();

const fn spread() -> [u64; 256] {
    let mut table = [0; 256];
    let mut at = 0;
    while at < 256 * 8 {
        table[at / 8] |= ((at as u64 / 8) >> (7 - at % 8) & 1) << (at % 8 * 8);
        at += 1;
    }
    table
}

const ONES: u64 = 0x0101_0101_0101_0101;

impl Ppu {
    /// Draws the current line if it is wanted, and counts the window's lines.
    pub(super) fn finish_line(&mut self) {
        let window = self.window_met && self.window_shown();
        if self.rendering && !self.blank {
            self.draw_line(window);
        }
        if window {
            self.window_line = self.window_line.wrapping_add(1);
        }
    }

    /// The window is switched on, and does not begin behind the line's end.
    pub(super) fn window_shown(&self) -> bool {
        self.lcdc & 0x20 != 0 && self.wx < 167
    }

    fn draw_line(&mut self, window: bool) {
        let mut indices = [0u8; WIDTH];
        if self.lcdc & 1 != 0 {
            let row = self.ly.wrapping_add(self.scy);
            self.draw_tiles(&mut indices, 0, self.scx, row, self.lcdc & 0x08 != 0);
            if window {
                let start = i32::from(self.wx) - 7;
                let skipped = (-start).max(0) as u8;
                self.draw_tiles(&mut indices, start.max(0) as usize, skipped, self.window_line, self.lcdc & 0x40 != 0);
            }
        }
        let mut line = [0u8; WIDTH];
        // Eight pixels at a time: a shade is put together from what each bit of the index, and both of them, change.
        let shades = [0, 2, 4, 6].map(|shift| u64::from(self.bgp >> shift & 3) * ONES);
        let (low, high) = (shades[0] ^ shades[1], shades[0] ^ shades[2]);
        let both = low ^ shades[2] ^ shades[3];
        for (shade, index) in line.as_chunks_mut::<8>().0.iter_mut().zip(indices.as_chunks::<8>().0) {
            let index = u64::from_le_bytes(*index);
            let (first, second) = ((index & ONES) * 0xFF, (index >> 1 & ONES) * 0xFF);
            *shade = (shades[0] ^ first & low ^ second & high ^ first & second & both).to_le_bytes();
        }
        if self.lcdc & 2 != 0 {
            self.draw_objects(&mut line, &indices);
        }
        let start = usize::from(self.ly).min(HEIGHT - 1) * WIDTH;
        self.pixels[start..start + WIDTH].copy_from_slice(&line);
    }

    /// Fills `indices` from `start` on with a row of a tile map, whose first pixel is `column`.
    fn draw_tiles(&self, indices: &mut [u8; WIDTH], start: usize, column: u8, row: u8, upper_map: bool) {
        let map = if upper_map { 0x1C00 } else { 0x1800 } + usize::from(row >> 3) * 32;
        let mut column = column;
        let mut at = start;
        while at < WIDTH {
            let number = self.vram[map + usize::from(column >> 3)];
            let tile = if self.lcdc & 0x10 != 0 {
                usize::from(number) * 16
            } else {
                (0x1000 + i32::from(number as i8) * 16) as usize
            };
            let [low, high] = self.row_bytes(tile + usize::from(row & 7) * 2);
            let pixels = (SPREAD[usize::from(low)] | SPREAD[usize::from(high)] << 1).to_le_bytes();
            match indices.get_mut(at..at + 8) {
                Some(whole) if column & 7 == 0 => whole.copy_from_slice(&pixels),
                _ => {
                    indices[at..].iter_mut().zip(&pixels[usize::from(column & 7)..]).for_each(|(to, from)| *to = *from)
                }
            }
            at += 8 - usize::from(column & 7);
            column = (column & 0xF8).wrapping_add(8);
        }
    }

    fn row_bytes(&self, at: usize) -> [u8; 2] {
        [self.vram[at], self.vram[at + 1]]
    }

    /// The objects on the current line in the order of OAM, at most ten.
    pub(super) fn objects_on_line(&mut self) -> ([usize; LIMIT], usize) {
        if !self.objects_known {
            self.find_objects();
        }
        let mut found = [0; LIMIT];
        let mut count = 0;
        let mut left = self.objects[usize::from(self.ly).min(HEIGHT - 1)];
        while left != 0 && count < LIMIT {
            found[count] = left.trailing_zeros() as usize;
            count += 1;
            left &= left - 1;
        }
        (found, count)
    }

    fn find_objects(&mut self) {
        let height = if self.lcdc & 4 != 0 { 16 } else { 8 };
        self.objects.fill(0);
        for (index, object) in self.oam.chunks_exact(4).enumerate() {
            let end = (usize::from(object[0]) + height).saturating_sub(16).min(HEIGHT);
            let start = usize::from(object[0]).saturating_sub(16).min(end);
            self.objects[start..end].iter_mut().for_each(|line| *line |= 1 << index);
        }
        self.objects_known = true;
    }

    fn draw_objects(&mut self, line: &mut [u8; WIDTH], background: &[u8; WIDTH]) {
        let (mut found, count) = self.objects_on_line();
        let found = &mut found[..count];
        // The object further to the left wins, then the one that comes first in OAM: draw that one last.
        found.sort_by_key(|index| std::cmp::Reverse((self.oam[index * 4 + 1], *index)));
        let tall = self.lcdc & 4 != 0;
        for &index in found.iter() {
            let object = &self.oam[index * 4..index * 4 + 4];
            let (y, x, attributes) = (i32::from(object[0]), i32::from(object[1]), object[3]);
            let mut row = i32::from(self.ly) - (y - 16);
            if attributes & 0x40 != 0 {
                row = if tall { 15 } else { 7 } - row;
            }
            let number = if tall { object[2] & 0xFE } else { object[2] };
            let [low, high] = self.row_bytes(usize::from(number) * 16 + row as usize * 2);
            let palette = self.obp[usize::from(attributes >> 4 & 1)];
            for bit in 0..8 {
                let at = x - 8 + bit;
                if !(0..WIDTH as i32).contains(&at) {
                    continue;
                }
                let shift = if attributes & 0x20 != 0 { bit } else { 7 - bit };
                let color = (low >> shift & 1) | (high >> shift & 1) << 1;
                if color == 0 || attributes & 0x80 != 0 && background[at as usize] != 0 {
                    continue;
                }
                line[at as usize] = palette >> (2 * color) & 3;
            }
        }
    }
}
