package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.ErrorKind;
import dev.firn.base.Sizes;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A scrub that is interrupted and goes on. */
class ScrubTest {
  private static final int FILES = 3000;
  private static final int FILE_BYTES = 6000;
  private static final String MARKER = "this-is-where-the-bit-of-the-file-number-";

  @TempDir Path directory;

  private final Random random = Seeds.random("ScrubTest");

  /** Notes damage, and goes away when so much is done. */
  private static final class Listener implements ScrubListener {
    private final List<Damage> damages = new ArrayList<>();
    private final long goneAtBytes;
    private long firstToldBytes = -1;

    Listener(long goneAtBytes) {
      this.goneAtBytes = goneAtBytes;
    }

    @Override
    public void progress(long doneBytes, long totalBytes) throws IOException {
      firstToldBytes = firstToldBytes < 0 ? doneBytes : firstToldBytes;
      if (doneBytes >= goneAtBytes) {
        throw new IOException("the user went away");
      }
    }

    @Override
    public void damaged(Damage damage) {
      damages.add(damage);
    }
  }

  private Region open() throws IOException {
    return Region.open(directory.resolve("home"));
  }

  @BeforeEach
  void fill() throws IOException {
    try (Region region = open()) {
      region.createVolume(new VolumeRequest("data", null, Sizes.GIB, null, null, "none"));
      try (FileSystem files = region.openVolume("data", false)) {
        for (int i = 0; i < FILES; i++) {
          byte[] bytes = new byte[FILE_BYTES];
          random.nextBytes(bytes);
          byte[] marker = (MARKER + i + ".").getBytes(StandardCharsets.US_ASCII);
          System.arraycopy(marker, 0, bytes, 2000, marker.length);
          byte[] name = String.format("file-%05d", i).getBytes(StandardCharsets.US_ASCII);
          Attributes file =
              files.makeNode(FileSystem.ROOT_INODE, name, FileMode.REGULAR | 0644, 0, 0, 0);
          files.write(file.inode(), 0, ByteBuffer.wrap(bytes));
        }
      }
      region.createSnapshot("data", "first", null, Map.of());
    }
  }

  /** Flips a bit in a file's bytes on the disk. */
  private void damage(int file) throws IOException {
    try (Stream<Path> segments = Files.walk(directory.resolve("home/store/segments"))) {
      for (Path segment : segments.filter(Files::isRegularFile).toList()) {
        byte[] bytes = Files.readAllBytes(segment);
        int at = new String(bytes, StandardCharsets.ISO_8859_1).indexOf(MARKER + file + ".");
        if (at >= 0) {
          bytes[at] ^= 1;
          Files.write(segment, bytes);
          return;
        }
      }
    }
    throw new AssertionError("file " + file + " is not in the store");
  }

  private static long interrupt(Region region, Listener listener) {
    assertThrows(IOException.class, () -> region.upkeep().scrub(0, false, listener));
    return region.upkeep().interruptedScrub().doneBytes();
  }

  @Test
  void goesOnWhereItWasInterrupted() throws IOException {
    long doneBytes;
    try (Region region = open()) {
      assertNull(region.upkeep().interruptedScrub());
      doneBytes = interrupt(region, new Listener(1));
      assertTrue(doneBytes > 0, "done " + doneBytes);
      // Again, without having come any further.
      assertTrue(interrupt(region, new Listener(1)) >= doneBytes);
    }
    // The first file was verified and is not read again; the last one is still to come.
    damage(0);
    damage(FILES - 1);
    try (Region region = open()) {
      Listener listener = new Listener(Long.MAX_VALUE);
      Upkeep.ScrubResult result = region.upkeep().scrub(0, false, listener);
      assertTrue(listener.firstToldBytes >= doneBytes);
      assertEquals(1, result.damages());
      assertEquals("/file-0" + (FILES - 1), path(listener.damages.get(0)));
      assertNull(region.upkeep().interruptedScrub());
      assertEquals(2, region.upkeep().scrub(0, false, new Listener(Long.MAX_VALUE)).damages());
    }
  }

  @Test
  void whatWasFoundBeforeIsToldAgainOnce() throws IOException {
    damage(0);
    try (Region region = open()) {
      Listener first = new Listener(1);
      interrupt(region, first);
      assertEquals(1, first.damages.size());
    }
    try (Region region = open()) {
      Listener second = new Listener(Long.MAX_VALUE);
      assertEquals(1, region.upkeep().scrub(0, false, second).damages());
      assertEquals("/file-00000", path(second.damages.get(0)));
    }
  }

  @Test
  void restartBeginsAnewAndSoDoesAnOldOrDamagedState() throws IOException {
    Path state = directory.resolve("home/scrub.state");
    try (Region region = open()) {
      interrupt(region, new Listener(1));
    }
    damage(0);
    byte[] whole = Files.readAllBytes(state);
    Clock muchLater = Clock.offset(Clock.systemUTC(), Duration.ofDays(8));
    try (Region region = Region.open(directory.resolve("home"), muchLater)) {
      assertNull(region.upkeep().interruptedScrub());
    }
    for (int i = 0; i < 20; i++) {
      byte[] damaged = whole.clone();
      damaged[random.nextInt(damaged.length)] ^= (byte) (1 << random.nextInt(8));
      Files.write(state, damaged);
      try (Region region = open()) {
        assertNull(region.upkeep().interruptedScrub());
      }
    }
    try (Region region = open()) {
      assertEquals(1, region.upkeep().scrub(0, false, new Listener(Long.MAX_VALUE)).damages());
    }
    Files.write(state, whole);
    try (Region region = open()) {
      assertEquals(1, region.upkeep().scrub(0, true, new Listener(Long.MAX_VALUE)).damages());
    }
  }

  @Test
  void oneAtATime() throws IOException {
    try (Region region = open()) {
      List<Long> refused = new ArrayList<>();
      region
          .upkeep()
          .scrub(
              0,
              false,
              new ScrubListener() {
                @Override
                public void progress(long doneBytes, long totalBytes) {
                  Errors.of(
                      ErrorKind.CONFLICT,
                      "runs already",
                      () -> region.upkeep().scrub(0, false, this));
                  refused.add(doneBytes);
                }

                @Override
                public void damaged(Damage damage) {
                  throw new AssertionError(damage);
                }
              });
      assertTrue(!refused.isEmpty());
    }
  }

  private static String path(ScrubListener.Damage damage) {
    return new String(damage.path(), StandardCharsets.US_ASCII);
  }
}
