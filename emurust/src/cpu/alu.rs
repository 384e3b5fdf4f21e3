//! Arithmetic of the SM83: results and flags, apart from memory.

use super::{CARRY, Cpu, HALF, SUBTRACT, ZERO};

fn zero(value: u8) -> u8 {
    if value == 0 { ZERO } else { 0 }
}

impl Cpu {
    #[inline(always)]
    fn flags(&mut self, zero: u8, subtract: bool, half: bool, carry: bool) {
        self.f =
            zero | if subtract { SUBTRACT } else { 0 } | if half { HALF } else { 0 } | if carry { CARRY } else { 0 };
    }

    /// One of ADD, ADC, SUB, SBC, AND, XOR, OR, CP on A, by the three bits of the opcode.
    #[inline(always)]
    pub(super) fn arithmetic(&mut self, operation: u8, value: u8) {
        match operation {
            0 => self.add(value, 0),
            1 => self.add(value, self.f >> 4 & 1),
            2 => self.a = self.subtract(value, 0),
            3 => self.a = self.subtract(value, self.f >> 4 & 1),
            4 => {
                self.a &= value;
                self.flags(zero(self.a), false, true, false);
            }
            5 => {
                self.a ^= value;
                self.f = zero(self.a);
            }
            6 => {
                self.a |= value;
                self.f = zero(self.a);
            }
            _ => {
                self.subtract(value, 0);
            }
        }
    }

    fn add(&mut self, value: u8, carry: u8) {
        let sum = u16::from(self.a) + u16::from(value) + u16::from(carry);
        let half = (self.a & 15) + (value & 15) + carry > 15;
        self.a = sum as u8;
        self.flags(zero(self.a), false, half, sum > 0xFF);
    }

    fn subtract(&mut self, value: u8, carry: u8) -> u8 {
        let result = self.a.wrapping_sub(value).wrapping_sub(carry);
        let half = self.a & 15 < (value & 15) + carry;
        let borrow = u16::from(self.a) < u16::from(value) + u16::from(carry);
        self.flags(zero(result), true, half, borrow);
        result
    }

    pub(super) fn increment(&mut self, value: u8) -> u8 {
        let result = value.wrapping_add(1);
        self.f = self.f & CARRY | zero(result) | if result & 15 == 0 { HALF } else { 0 };
        result
    }

    pub(super) fn decrement(&mut self, value: u8) -> u8 {
        let result = value.wrapping_sub(1);
        self.f = self.f & CARRY | SUBTRACT | zero(result) | if value & 15 == 0 { HALF } else { 0 };
        result
    }

    pub(super) fn add_hl(&mut self, value: u16) {
        let left = self.hl();
        let (sum, carry) = left.overflowing_add(value);
        let half = (left & 0xFFF) + (value & 0xFFF) > 0xFFF;
        self.flags(self.f & ZERO, false, half, carry);
        self.set_hl(sum);
    }

    /// SP plus a signed byte; the flags come from the unsigned sum of the low bytes.
    pub(super) fn sp_plus(&mut self, offset: u8) -> u16 {
        let half = (self.sp & 15) + u16::from(offset & 15) > 15;
        let carry = (self.sp & 0xFF) + u16::from(offset) > 0xFF;
        self.flags(0, false, half, carry);
        self.sp.wrapping_add(offset as i8 as u16)
    }

    pub(super) fn decimal_adjust(&mut self) {
        let mut correction = 0;
        let mut carry = self.flag(CARRY);
        let subtract = self.flag(SUBTRACT);
        if self.flag(HALF) || (!subtract && self.a & 15 > 9) {
            correction |= 0x06;
        }
        if carry || (!subtract && self.a > 0x99) {
            correction |= 0x60;
            carry = true;
        }
        self.a = if subtract { self.a.wrapping_sub(correction) } else { self.a.wrapping_add(correction) };
        self.flags(zero(self.a), subtract, false, carry);
    }

    /// One of RLC, RRC, RL, RR, SLA, SRA, SWAP, SRL, by the three bits of the opcode.
    pub(super) fn rotate(&mut self, operation: u8, value: u8) -> u8 {
        let carry_in = self.f >> 4 & 1;
        let (result, carry) = match operation {
            0 => (value.rotate_left(1), value >> 7),
            1 => (value.rotate_right(1), value & 1),
            2 => (value << 1 | carry_in, value >> 7),
            3 => (value >> 1 | carry_in << 7, value & 1),
            4 => (value << 1, value >> 7),
            5 => (value >> 1 | value & 0x80, value & 1),
            6 => (value.rotate_left(4), 0),
            _ => (value >> 1, value & 1),
        };
        self.flags(zero(result), false, false, carry != 0);
        result
    }

    pub(super) fn test_bit(&mut self, bit: u8, value: u8) {
        self.f = self.f & CARRY | HALF | zero(value & 1 << bit);
    }
}
