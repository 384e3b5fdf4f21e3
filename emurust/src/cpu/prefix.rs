//! The second page of opcodes, behind CB: rotations and single bits.

use super::{Bus, Cpu};

impl Cpu {
    pub(super) fn execute_prefixed<B: Bus>(&mut self, bus: &mut B, opcode: u8) {
        let register = opcode & 7;
        let operand = opcode >> 3 & 7;
        let value = self.operand(bus, register);
        let result = match opcode >> 6 {
            0 => self.rotate(operand, value),
            1 => return self.test_bit(operand, value),
            2 => value & !(1 << operand),
            _ => value | 1 << operand,
        };
        self.set_operand(bus, register, result);
    }
}
