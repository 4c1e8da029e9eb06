package dev.firn.fuse.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.fuse.MountOptions;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelOptionsTest {
  private static final long RDONLY = 1;
  private static final long NOSUID = 2;
  private static final long NODEV = 4;
  private static final long NOEXEC = 8;

  private static KernelOptions of(boolean readOnly, boolean root, String... words) {
    return new KernelOptions(new MountOptions("firn:a,b", readOnly, List.of(words)), root);
  }

  @Test
  void imagesBringNoRightsUnlessAskedFor() {
    assertEquals(NOSUID | NODEV, of(false, true).flags());
    assertEquals(NOSUID | NOEXEC, of(false, true, "dev", "noexec").flags());
    assertEquals(0, of(false, true, "suid", "dev").flags());
    assertEquals(NOSUID | NODEV | RDONLY, of(true, true).flags());
  }

  @Test
  void readOnlyCannotBeUndone() {
    assertEquals(RDONLY, of(true, true, "rw").flags() & RDONLY);
    assertTrue(of(true, false, "rw").helperOptions().contains("ro"));
  }

  @Test
  void onlyRootLetsOthersInUnasked() {
    assertTrue(of(false, true).data(3).contains("allow_other"));
    assertFalse(of(false, true, "no_allow_other").data(3).contains("allow_other"));
    assertFalse(of(false, false).helperOptions().contains("allow_other"));
    assertTrue(of(false, false, "allow_other").helperOptions().contains("allow_other"));
  }

  @Test
  void commasInNamesEndNoOption() {
    assertTrue(of(false, false).helperOptions().contains("fsname=firn:a\\,b,"));
    assertEquals("firn:a,b", of(false, true).sourceName());
  }

  @Test
  void writeBackIsOnUnlessTurnedOff() {
    long always = InitFlags.POSIX_ACL | InitFlags.OVER_IO_URING;
    assertEquals(InitFlags.WRITEBACK_CACHE | always, of(false, true).initFlags());
    assertEquals(always, of(false, true, "no_writeback").initFlags());
  }

  @Test
  void rootsMountsFetchAheadUnlessTurnedOff() {
    assertTrue(of(false, true).fetchesAhead());
    assertTrue(of(false, true, "no_fetch_ahead", "fetch_ahead").fetchesAhead());
    assertFalse(of(false, true, "no_fetch_ahead").fetchesAhead());
    assertFalse(of(false, false).fetchesAhead());
  }

  @Test
  void accessControlListsAreOnUnlessTurnedOff() {
    assertEquals(InitFlags.WRITEBACK_CACHE, of(false, true, "noacl", "io_uring=off").initFlags());
    assertEquals(of(false, true).initFlags(), of(false, true, "noacl", "acl").initFlags());
  }

  @Test
  void ringsAreUsedUnlessTurnedOff() {
    assertEquals(RingUse.AUTO, of(false, true).ringUse());
    assertEquals(RingUse.AUTO, of(false, true, "io_uring=auto").ringUse());
    assertEquals(RingUse.ON, of(false, true, "io_uring=off", "io_uring=on").ringUse());
    assertEquals(RingUse.OFF, of(false, true, "io_uring=off").ringUse());
    assertEquals(InitFlags.OVER_IO_URING, of(false, true).initFlags() & InitFlags.OVER_IO_URING);
    assertEquals(0, of(false, true, "io_uring=off").initFlags() & InitFlags.OVER_IO_URING);
    assertFalse(of(false, false, "io_uring=on").helperOptions().contains("io_uring"));
    FirnException refusal =
        assertThrows(FirnException.class, () -> of(false, true, "io_uring=maybe"));
    assertEquals(ErrorKind.USAGE, refusal.kind());
    assertTrue(refusal.getMessage().contains("'maybe'"), refusal.getMessage());
  }

  @Test
  void unknownWordsAreRefused() {
    FirnException refusal = assertThrows(FirnException.class, () -> of(false, true, "fd=7"));
    assertEquals(ErrorKind.USAGE, refusal.kind());
    assertTrue(refusal.getMessage().contains("'fd=7'"), refusal.getMessage());
  }
}
