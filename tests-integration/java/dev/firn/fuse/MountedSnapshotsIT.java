package dev.firn.fuse;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static dev.firn.fuse.PosixAssertions.assertFails;
import static dev.firn.fuse.PosixAssertions.pattern;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.firn.region.Region;
import dev.firn.region.VolumeRequest;
import dev.firn.vfs.FileSystem;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import jnr.constants.platform.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.MethodSource;

/** {@code .snapshots} in a mounted volume, also when snapshots come and go outside of the mount. */
@ParameterizedClass
@MethodSource("dev.firn.fuse.TestTransports#all")
class MountedSnapshotsIT {
  private static final long SIZE_BYTES = 1L << 30;

  @Parameter Transport transport;

  @TempDir Path home;

  @Test
  void snapshotsShowAtOnceWhoeverMakesOrRemovesThem() throws Exception {
    try (Region region = Region.open(home)) {
      region.createVolume(VolumeRequest.empty("data", SIZE_BYTES));
      try (FileSystem volume = region.openVolume("data", true);
          TestMount mount = new TestMount(transport, volume)) {
        Posix.write(mount.path("file"), new byte[] {1});
        check(LIBC.mkdir(mount.path(".snapshots/inside"), 0755));
        assertFails(Errno.ENOENT, () -> Posix.stat(mount.path(".snapshots/outside")));
        Posix.write(mount.path("file"), new byte[] {2});
        region.createSnapshot("data", "outside", null, Map.of());
        check(LIBC.unlink(mount.path("file")));
        assertEquals(Set.of("inside", "outside"), Posix.list(mount.path(".snapshots")));
        assertArrayEquals(new byte[] {1}, Posix.read(mount.path(".snapshots/inside/file")));
        assertArrayEquals(new byte[] {2}, Posix.read(mount.path(".snapshots/outside/file")));
        assertNotEquals(
            Posix.stat(mount.path(".snapshots/inside/file")).inode(),
            Posix.stat(mount.path(".snapshots/outside/file")).inode());
        assertFails(
            Errno.EROFS, () -> Posix.write(mount.path(".snapshots/inside/file"), new byte[1]));
        assertFails(Errno.EROFS, () -> check(LIBC.unlink(mount.path(".snapshots/inside/file"))));
        region.deleteSnapshots(List.of("data@outside"));
        assertEquals(Set.of("inside"), Posix.list(mount.path(".snapshots")));
        assertFails(Errno.ENOENT, () -> Posix.stat(mount.path(".snapshots/outside")));
        check(LIBC.rmdir(mount.path(".snapshots/inside")));
        assertEquals(Set.of(), Posix.list(mount.path(".snapshots")));
        assertEquals(0, region.snapshots("data").size());
      }
    }
  }

  @Test
  void aSnapshotHoldsWhatWasWrittenToFilesStillOpen() throws Exception {
    try (Region region = Region.open(home)) {
      region.createVolume(VolumeRequest.empty("data", SIZE_BYTES));
      try (FileSystem volume = region.openVolume("data", false);
          TestMount mount = new TestMount(transport, volume)) {
        int fd = Posix.open(mount.path("file"), Posix.O_RDWR | Posix.O_CREAT);
        byte[] contents = pattern(300_000);
        Posix.writeAll(fd, contents, 0);
        check(LIBC.mkdir(mount.path(".snapshots/one"), 0755));
        Posix.writeAll(fd, new byte[300_000], 0);
        assertArrayEquals(contents, Posix.read(mount.path(".snapshots/one/file")));
        check(LIBC.unlink(mount.path("file")));
        check(LIBC.mkdir(mount.path(".snapshots/two"), 0755));
        assertEquals(Set.of(), Posix.list(mount.path(".snapshots/two")));
        check(LIBC.close(fd));
      }
    }
  }
}
