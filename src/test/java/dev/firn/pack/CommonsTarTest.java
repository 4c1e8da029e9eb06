package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.firn.Seeds;
import dev.firn.base.Bytes;
import dev.firn.vfs.Attributes;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import dev.firn.vfs.SetAttributes;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.List;
import java.util.Random;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Commons Compress, which Java programs write tar archives with, is the author of what we read. */
class CommonsTarTest {
  /** The library cuts times to this. */
  private static final int NANOS_STEP = 100;

  @TempDir Path directory;

  @Test
  void readsPosixArchives() throws IOException {
    Trees.Except[] left = {Trees.Except.SOCKETS, Trees.Except.XATTRS};
    check(TarArchiveOutputStream.LONGFILE_POSIX, TarArchiveOutputStream.BIGNUMBER_POSIX, left);
  }

  @Test
  void readsGnuArchives() throws IOException {
    Trees.Except[] left = {
      Trees.Except.SOCKETS, Trees.Except.XATTRS, Trees.Except.NANOSECONDS, Trees.Except.ACCESS_TIMES
    };
    check(TarArchiveOutputStream.LONGFILE_GNU, TarArchiveOutputStream.BIGNUMBER_STAR, left);
  }

  private void check(int longFileMode, int bigNumberMode, Trees.Except... left) throws IOException {
    Random random = Seeds.random("commonsTar");
    try (TestHome home = new TestHome(directory)) {
      FileSystem source =
          home.tree(
              target -> {
                Trees.fillRandomly(target, random, 150, true);
                TreeWalker.walk(target, new TimeCutter(target));
              });
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8")) {
        tar.setLongFileMode(longFileMode);
        tar.setBigNumberMode(bigNumberMode);
        tar.setAddPaxHeadersForNonAsciiNames(longFileMode == TarArchiveOutputStream.LONGFILE_POSIX);
        TreeWalker.walk(source, new Writer(source, tar));
      }

      FileSystem imported = home.importFrom(bytes.toByteArray());

      List<String> expected = Trees.describe(source, left);
      assertEquals(expected, Trees.describe(imported, left));
    }
  }

  private record TimeCutter(FileSystem target) implements TreeWalker.Visitor {
    @Override
    public void inode(Place place, Attributes attributes) throws IOException {
      SetAttributes.TimeChange access = cut(attributes.accessSeconds(), attributes.accessNanos());
      SetAttributes.TimeChange modify = cut(attributes.modifySeconds(), attributes.modifyNanos());
      target.setAttributes(attributes.inode(), SetAttributes.times(access, modify));
    }

    private static SetAttributes.TimeChange cut(long seconds, int nanos) {
      return SetAttributes.TimeChange.at(seconds, nanos / NANOS_STEP * NANOS_STEP);
    }

    @Override
    public void link(Place place, Attributes attributes, Place first) {}
  }

  /** Says of each inode what an entry of the library can say. */
  private record Writer(FileSystem source, TarArchiveOutputStream tar)
      implements TreeWalker.Visitor {
    @Override
    public void inode(Place place, Attributes attributes) throws IOException {
      byte type;
      switch (attributes.mode() & FileMode.TYPE_MASK) {
        case FileMode.REGULAR -> type = TarConstants.LF_NORMAL;
        case FileMode.DIRECTORY -> type = TarConstants.LF_DIR;
        case FileMode.SYMBOLIC_LINK -> type = TarConstants.LF_SYMLINK;
        case FileMode.FIFO -> type = TarConstants.LF_FIFO;
        case FileMode.CHARACTER_DEVICE -> type = TarConstants.LF_CHR;
        case FileMode.BLOCK_DEVICE -> type = TarConstants.LF_BLK;
        default -> {
          return;
        }
      }
      TarArchiveEntry entry = entry(place, attributes, type);
      ByteBuffer content = ByteBuffer.allocate(0);
      if (attributes.isRegular()) {
        content = ByteBuffer.allocate((int) attributes.sizeBytes());
        source.read(attributes.inode(), 0, content);
      } else if (attributes.isSymbolicLink()) {
        entry.setLinkName(Bytes.text(source.readLink(attributes.inode())));
      } else {
        int device = attributes.device();
        entry.setDevMajor((device & 0xfff00) >>> 8);
        entry.setDevMinor((device & 0xff) | ((device >>> 12) & 0xfff00));
      }
      entry.setSize(content.capacity());
      tar.putArchiveEntry(entry);
      tar.write(content.array());
      tar.closeArchiveEntry();
    }

    @Override
    public void link(Place place, Attributes attributes, Place first) throws IOException {
      if ((attributes.mode() & FileMode.TYPE_MASK) == FileMode.SOCKET) {
        return;
      }
      TarArchiveEntry entry = entry(place, attributes, TarConstants.LF_LINK);
      entry.setLinkName(path(first));
      tar.putArchiveEntry(entry);
      tar.closeArchiveEntry();
    }

    private static TarArchiveEntry entry(Place place, Attributes attributes, byte type) {
      String slash = type == TarConstants.LF_DIR && !place.isRoot() ? "/" : "";
      TarArchiveEntry entry = new TarArchiveEntry(path(place) + slash, type);
      entry.setMode(attributes.mode() & FileMode.PERMISSION_MASK);
      entry.setUserId((long) attributes.uid());
      entry.setGroupId((long) attributes.gid());
      entry.setLastModifiedTime(time(attributes.modifySeconds(), attributes.modifyNanos()));
      entry.setLastAccessTime(time(attributes.accessSeconds(), attributes.accessNanos()));
      return entry;
    }

    private static FileTime time(long seconds, int nanos) {
      return FileTime.from(Instant.ofEpochSecond(seconds, nanos));
    }

    private static String path(Place place) {
      return new String(place.path(new byte[] {'.', '/'}), StandardCharsets.UTF_8);
    }
  }
}
