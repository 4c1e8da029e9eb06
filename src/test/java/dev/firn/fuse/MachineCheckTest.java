package dev.firn.fuse;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class MachineCheckTest {
  @Test
  void versionsOfKernelsAreInOrder() {
    assertEquals(504, MachineCheck.kernelVersion("5.4.0-150-generic"));
    assertEquals(618, MachineCheck.kernelVersion("6.18.44"));
    assertEquals(614, MachineCheck.kernelVersion("6.14-rc1"));
    assertTrue(MachineCheck.kernelVersion("7.0.1") > MachineCheck.kernelVersion("6.99.1"));
    assertEquals(0, MachineCheck.kernelVersion("something else"));
  }
}
