package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.Seeds;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Whatever happens to a file on its way: it is noticed, and nothing is left behind. */
class DamagedTest {
  private static final int FLIPS = 400;
  private static final int CUTS = 150;

  @TempDir Path directory;

  @Test
  void everyFlippedBitOfAPackageIsNoticed() throws IOException {
    Random random = Seeds.random("everyFlippedBitOfAPackageIsNoticed");
    try (TestHome home = new TestHome(directory)) {
      byte[] whole = home.export(tree(home, random), PackageFormat.FIRN);
      long things = home.things();
      for (int i = 0; i < FLIPS; i++) {
        // The beginning has most of the meaning: every other flip is there.
        int at = random.nextInt(i % 2 == 0 ? whole.length : 4096);
        byte[] damaged = whole.clone();
        damaged[at] ^= (byte) (1 << random.nextInt(8));
        assertRefused(home, damaged, "byte " + at);
      }
      assertEquals(things, home.things());
      home.importFrom(whole);
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"TAR_GZ", "TAR_ZST"})
  void flippedBitsInCompressedContentAreNoticed(PackageFormat format) throws IOException {
    Random random = Seeds.random("flippedBitsInCompressedContentAreNoticed");
    try (TestHome home = new TestHome(directory)) {
      FileSystem source = tree(home, random);
      List<String> expected = Trees.describe(source);
      byte[] whole = home.export(source, format);
      long things = home.things();
      for (int i = 0; i < CUTS; i++) {
        byte[] damaged = whole.clone();
        int at = random.nextInt(whole.length);
        damaged[at] ^= (byte) (1 << random.nextInt(8));
        try {
          // Both formats have bits that mean nothing: gzip's time, padding of zstd's bit streams.
          assertEquals(expected, Trees.describe(home.importFrom(damaged)), "byte " + at);
          things++;
        } catch (FirnException e) {
          assertEquals(ErrorKind.CORRUPT, e.kind(), e.getMessage());
        }
      }
      assertEquals(things, home.things());
    }
  }

  @ParameterizedTest
  @EnumSource(PackageFormat.class)
  void everyCutIsNoticed(PackageFormat format) throws IOException {
    Random random = Seeds.random("everyCutIsNoticed");
    try (TestHome home = new TestHome(directory)) {
      byte[] whole = home.export(tree(home, random), format);
      long things = home.things();
      // An archive is padded with zeros behind its end; without them it is still whole.
      int end = format == PackageFormat.TAR ? whole.length - 10240 : whole.length;
      for (int i = 0; i < CUTS; i++) {
        int length = i == 0 ? end - 1 : random.nextInt(i % 2 == 0 ? end : 2048);
        assertRefused(home, Arrays.copyOf(whole, length), "cut at " + length);
      }
      assertEquals(things, home.things());
    }
  }

  @ParameterizedTest
  @EnumSource(PackageFormat.class)
  void whatFollowsTheEndIsNoticed(PackageFormat format) throws IOException {
    try (TestHome home = new TestHome(directory)) {
      byte[] whole = home.export(tree(home, new Random(1)), format);
      byte[] longer = Arrays.copyOf(whole, whole.length + 1);
      longer[whole.length] = 'x';

      assertRefused(home, longer, "a byte more");
    }
  }

  @Test
  void whatIsNoPackageIsNamedSo() throws IOException {
    try (TestHome home = new TestHome(directory)) {
      for (byte[] content :
          new byte[][] {
            {},
            "#!/bin/sh\n".repeat(500).getBytes(),
            new byte[10240],
            Trees.random(new Random(5), 100_000)
          }) {
        FirnException refusal = assertThrows(FirnException.class, () -> home.importFrom(content));
        assertEquals(ErrorKind.CORRUPT, refusal.kind());
        assertTrue(refusal.getMessage().contains("is not a package or archive that Firn knows"));
      }
    }
  }

  private static FileSystem tree(TestHome home, Random random) throws IOException {
    return home.tree(
        target -> {
          Trees.file(target, 1, "text", "some text\n".repeat(500).getBytes());
          Trees.file(target, 1, "random", Trees.random(random, 20_000));
        });
  }

  private static void assertRefused(TestHome home, byte[] damaged, String what) throws IOException {
    FirnException refusal = assertThrows(FirnException.class, () -> home.importFrom(damaged), what);
    assertEquals(ErrorKind.CORRUPT, refusal.kind(), what + ": " + refusal.getMessage());
    assertFalse(refusal.getMessage().contains("\n"), refusal.getMessage());
  }
}
