package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.base.Bytes;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.PackedParts;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a package has packed is not packed once more by an import. */
class PackedContentTest {
  private static final int RECORD_BYTES = 128 << 10;

  /** Of the files before and behind. */
  private static final int BESIDE_BYTES = 300;

  @TempDir Path directory;
  private TestHome home;

  @BeforeEach
  void open() throws IOException {
    home = new TestHome(directory);
  }

  @AfterEach
  void close() throws IOException {
    home.close();
  }

  private static byte[] text(int length) {
    return Bytes.utf8("firn ".repeat(length / 5));
  }

  /** Notes which parts of what is written to a file come as frames, by their offsets. */
  private static FileSystem watched(FileSystem target, NavigableMap<Long, Integer> frames) {
    return (FileSystem)
        Proxy.newProxyInstance(
            FileSystem.class.getClassLoader(),
            new Class<?>[] {FileSystem.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("write") && arguments.length == 4) {
                long offset = (long) arguments[1];
                int length = ((ByteBuffer) arguments[2]).remaining();
                PackedParts packed = (PackedParts) arguments[3];
                for (int from = 0; from < length; from += RECORD_BYTES) {
                  int count = Math.min(RECORD_BYTES, length - from);
                  if (count > BESIDE_BYTES && packed.frame(from, count) != null) {
                    frames.put(offset + from, count);
                  }
                }
              }
              try {
                return method.invoke(target, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }

  private NavigableMap<Long, Integer> framesOf(byte[] content) throws IOException {
    FileSystem source =
        home.tree(
            volume -> {
              Trees.file(volume, 1, "a", text(BESIDE_BYTES));
              Trees.file(volume, 1, "b", content);
              Trees.file(volume, 1, "c", text(BESIDE_BYTES));
            });
    byte[] exported = home.export(source, PackageFormat.FIRN);
    NavigableMap<Long, Integer> frames = new ConcurrentSkipListMap<>();
    try (FileSystem target = home.create(TestHome.VOLUME_BYTES)) {
      PackageReader reader = new PackageReader(new ByteArrayInputStream(exported), "it");
      reader.restore(watched(target, frames), home.spool(), ProgressListener.NONE);
      assertEquals(Trees.describe(source), Trees.describe(target));
    }
    return frames;
  }

  @Test
  void longContentsComeInFramesThatAreRecords() throws IOException {
    NavigableMap<Long, Integer> expected = new TreeMap<>();
    for (long from = 0; from < 15 * RECORD_BYTES; from += RECORD_BYTES) {
      expected.put(from, RECORD_BYTES);
    }
    assertEquals(expected, framesOf(text(15 * RECORD_BYTES + 15)));
  }

  @Test
  void soDoShorterOnes() throws IOException {
    assertEquals(new TreeMap<>(Map.of(0L, 20_000)), framesOf(text(20_000)));
    assertEquals(List.of(), List.copyOf(framesOf(text(16_000)).keySet()));
  }

  @Test
  void contentThatDoesNotGetShorterComesToo() throws IOException {
    byte[] noise = Trees.random(new Random(7), 200_000);
    assertEquals(
        new TreeMap<>(Map.of(0L, RECORD_BYTES, (long) RECORD_BYTES, 200_000 - RECORD_BYTES)),
        framesOf(noise));
  }
}
