package dev.firn.fuse.barrier;

import static dev.firn.fuse.Posix.LIBC;
import static dev.firn.fuse.Posix.check;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.fuse.TestMount;
import dev.firn.fuse.Transport;
import dev.firn.fuse.kernel.KernelTransport;
import dev.firn.region.Region;
import dev.firn.region.VolumeRequest;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Snapshots while programs write: each must hold all that was done before it was asked for, synced
 * or not, also what still lay in the kernel's cache. {@code -Dfirn.barrier.snapshots=20000} makes
 * it a soak test.
 */
class SnapshotBarrierIT {
  private static final int SNAPSHOTS = Integer.getInteger("firn.barrier.snapshots", 400);

  /** Without write-back there is no barrier; that nothing is lost is quickly seen. */
  private static final int WITHOUT_WRITE_BACK = 4;

  private static final int KEPT_MAX = 10;
  private static final long SIZE_BYTES = 4L << 30;

  @TempDir Path home;

  /** A snapshot with what was done before it was asked for and begun when it was there. */
  private record Moment(String name, long[] from, long[] to) {}

  @ParameterizedTest
  @MethodSource("dev.firn.fuse.TestTransports#all")
  void snapshotsHoldWhatWasDoneBefore(Transport transport) throws Exception {
    boolean writesBack = transport.name().equals(KernelTransport.NAME);
    Random random = Seeds.random("SnapshotBarrierIT on " + transport.name());
    try (Region region = Region.open(home)) {
      region.createVolume(VolumeRequest.empty("data", SIZE_BYTES));
      try (FileSystem volume = region.openVolume("data", false);
          TestMount mount = new TestMount(transport, volume)) {
        List<LoadWriter> writers = writers(mount, random, writesBack);
        List<Thread> threads =
            writers.stream().map(writer -> new Thread(writer, writer.toString())).toList();
        threads.forEach(Thread::start);
        try {
          int snapshots = writesBack ? SNAPSHOTS : SNAPSHOTS / WITHOUT_WRITE_BACK;
          takeSnapshots(snapshots, region, mount, writers, random);
        } finally {
          writers.forEach(LoadWriter::stop);
          for (Thread thread : threads) {
            thread.join();
          }
          // Whatever they answer: a failure above tells more.
          writers.forEach(LoadWriter::close);
        }
        writers.forEach(LoadWriter::requireHealthy);
        writers.forEach(LoadWriter::requireChecked);
        for (LoadWriter writer : writers) {
          System.out.println(writer + ": " + writer.done() + " operations");
          assertTrue(writer.done() > SNAPSHOTS / 10, writer + " hardly came to write");
        }
      }
    }
  }

  /** Without write-back, stores to mappings reach the volume at msync(2) only. */
  private static List<LoadWriter> writers(TestMount mount, Random random, boolean writesBack) {
    List<LoadWriter> writers = new ArrayList<>();
    writers.add(new AppendingWriter(mount, "log", 64, 500 + random.nextInt(3000)));
    writers.add(new AppendingWriter(mount, "journal", 10_000, 20 + random.nextInt(200)));
    writers.add(new SlotWriter(mount, "table", 16 + random.nextInt(500), false));
    writers.add(new TruncatingWriter(mount, "sizes"));
    writers.add(new CreatingWriter(mount, "files"));
    if (writesBack) {
      writers.add(new SlotWriter(mount, "mapped", 16 + random.nextInt(500), true));
    }
    return writers;
  }

  private static void takeSnapshots(
      int snapshots, Region region, TestMount mount, List<LoadWriter> writers, Random random)
      throws IOException {
    List<Moment> kept = new ArrayList<>();
    for (int i = 0; i < snapshots; i++) {
      writers.forEach(LoadWriter::requireHealthy);
      String name = "number-" + i;
      long[] from = writers.stream().mapToLong(LoadWriter::done).toArray();
      if (random.nextBoolean()) {
        check(LIBC.mkdir(mount.path(".snapshots/", name), 0755));
      } else {
        region.createSnapshot("data", name, null, Map.of());
      }
      long[] to = writers.stream().mapToLong(LoadWriter::begun).toArray();
      Moment moment = new Moment(name, from, to);
      verify(mount, writers, moment);
      kept.add(moment);
      if (kept.size() > KEPT_MAX) {
        Moment gone = kept.remove(random.nextInt(kept.size()));
        verify(mount, writers, gone);
        if (random.nextBoolean()) {
          check(LIBC.rmdir(mount.path(".snapshots/", gone.name)));
        } else {
          region.deleteSnapshots(List.of("data@" + gone.name));
        }
      }
    }
    kept.forEach(moment -> verify(mount, writers, moment));
  }

  private static void verify(TestMount mount, List<LoadWriter> writers, Moment moment) {
    for (int i = 0; i < writers.size(); i++) {
      writers.get(i).verify(new Image(mount, moment.name), moment.from[i], moment.to[i]);
    }
  }
}
