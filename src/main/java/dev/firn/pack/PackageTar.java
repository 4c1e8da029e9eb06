package dev.firn.pack;

import dev.firn.base.Bytes;
import dev.firn.base.FirnException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.function.IntFunction;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipEncoding;
import org.apache.commons.compress.archivers.zip.ZipEncodingHelper;

/**
 * The tar archive around a firn package. There is one way to write each header, and the reader
 * takes no other, so that no byte of a package escapes verification.
 */
final class PackageTar {
  /** Shown as the owner by tar; tells packages from other archives with a manifest.json. */
  private static final String OWNER = "firn";

  private static final int MODE = 0100644;
  private static final int DIRECT_BYTES_MAX = 2 * PackageLayout.MEMBER_RAW_BYTES_MAX;
  private static final int MEMBER_BYTES_MAX =
      (int) PackageLayout.memberBytesMax(PackageLayout.MEMBER_RAW_BYTES_MAX);

  private static final int END_BYTES = 2 * TarHeader.BLOCK_BYTES;
  private static final ZipEncoding ENCODING =
      ZipEncodingHelper.getZipEncoding(StandardCharsets.ISO_8859_1);
  private static final byte[] MANIFEST_START =
      ("{\n  \"format\" : \"" + PackageLayout.FORMAT + "\"").getBytes(StandardCharsets.US_ASCII);

  private PackageTar() {}

  static byte[] header(String name, long sizeBytes) throws IOException {
    TarArchiveEntry entry = new TarArchiveEntry(name);
    entry.setMode(MODE);
    entry.setIds(0, 0);
    entry.setUserName(OWNER);
    entry.setGroupName(OWNER);
    entry.setModTime(0L);
    entry.setSize(sizeBytes);
    byte[] block = new byte[TarHeader.BLOCK_BYTES];
    entry.writeEntryHeader(block, ENCODING, false);
    return block;
  }

  static void write(OutputStream target, String name, byte[] body) throws IOException {
    write(target, name, body, body.length);
  }

  private static void pad(OutputStream target, long sizeBytes) throws IOException {
    target.write(new byte[TarHeader.padding(sizeBytes)]);
  }

  /** Writes the first {@code length} bytes of an array as a member. */
  static void write(OutputStream target, String name, byte[] body, int length) throws IOException {
    target.write(header(name, length));
    target.write(body, 0, length);
    pad(target, length);
  }

  /** What a member takes in the archive. */
  static long entryBytes(long sizeBytes) {
    return TarHeader.BLOCK_BYTES + sizeBytes + TarHeader.padding(sizeBytes);
  }

  /** Where the contents begin, in a file of one length: so it is found from the end. */
  static byte[] offsetFile(long offset) {
    return String.format("%0" + PackageLayout.CONTENTS_OFFSET_DIGITS + "d\n", offset)
        .getBytes(StandardCharsets.US_ASCII);
  }

  /** What {@link PackageLayout#CONTENTS_OFFSET} and all behind it take. */
  static long tailBytes() {
    return entryBytes(offsetFile(0).length) + END_BYTES;
  }

  static void end(OutputStream target) throws IOException {
    target.write(new byte[END_BYTES]);
  }

  /**
   * Whether a file that begins so is a package, sound or not. It is one by its header or by its
   * manifest: no single fault makes it pass for somebody's tar archive.
   */
  static boolean looksLikePackage(byte[] head, int length) {
    byte[] name = Document.MANIFEST.file().getBytes(StandardCharsets.US_ASCII);
    boolean named = length > name.length && startsWith(head, 0, name) && head[name.length] == 0;
    if (!named) {
      return false;
    }
    byte[] owner = (OWNER + '\0').getBytes(StandardCharsets.US_ASCII);
    boolean owned = length < TarHeader.BLOCK_BYTES || startsWith(head, TarHeader.OWNER, owner);
    return owned
        || length >= TarHeader.BLOCK_BYTES + MANIFEST_START.length
            && startsWith(head, TarHeader.BLOCK_BYTES, MANIFEST_START);
  }

  private static boolean startsWith(byte[] bytes, int from, byte[] start) {
    return Arrays.equals(bytes, from, from + start.length, start, 0, start.length);
  }

  /** Reads a package's tar, and accepts nothing but what the writer writes. */
  static final class Input {
    private final InputStream in;
    private final String source;
    private long offset;
    private boolean isCutShort;

    Input(InputStream in, String source) {
      this(in, source, 0);
    }

    /**
     * @param offset where in the package {@code in} goes on
     */
    Input(InputStream in, String source, long offset) {
      this.in = in;
      this.source = source;
      this.offset = offset;
    }

    /** A document, whose size only its header tells. */
    byte[] document(Document document) throws IOException {
      byte[] header = readFully(TarHeader.BLOCK_BYTES, document.file());
      return document(document, header);
    }

    /**
     * A member, with its name.
     *
     * @param body may be longer than the member
     */
    record Named(String name, byte[] body, int length) {}

    /**
     * The next member, of which only its header tells which of these it is, and its size.
     *
     * @param buffers answers an array with room for a body of so many bytes
     */
    Named next(String treeMember, String dataMember, Document behind, IntFunction<byte[]> buffers)
        throws IOException {
      byte[] header = readFully(TarHeader.BLOCK_BYTES, behind.file());
      byte[] name = TarHeader.text(header, TarHeader.NAME, TarHeader.NAME_LENGTH);
      for (String member : new String[] {treeMember, dataMember}) {
        if (Arrays.equals(name, Bytes.utf8(member))) {
          int size = requireSize(header, member, MEMBER_BYTES_MAX);
          byte[] body = buffers.apply(size);
          readBody(member, body, size);
          return new Named(member, body, size);
        }
      }
      byte[] body = document(behind, header);
      return new Named(behind.file(), body, body.length);
    }

    private byte[] document(Document document, byte[] header) throws IOException {
      int size = requireSize(header, document.file(), PackageLayout.DOCUMENT_BYTES_MAX);
      document.requireMemory(size, source);
      return body(document.file(), size);
    }

    private int requireSize(byte[] header, String name, int bytesMax) throws IOException {
      long size;
      try {
        size = TarHeader.number(header, TarHeader.SIZE, TarHeader.SIZE_LENGTH);
      } catch (IllegalArgumentException e) {
        throw damaged(name);
      }
      if (size < 0 || size > bytesMax) {
        throw FirnException.corrupt(
            "%s declares %s with %d bytes, and the largest possible is %d; it is damaged or"
                + " hostile",
            source, name, size, bytesMax);
      }
      if (!Arrays.equals(header, header(name, size))) {
        throw damaged(name);
      }
      return (int) size;
    }

    byte[] member(String name, int sizeBytes) throws IOException {
      if (!Arrays.equals(readFully(TarHeader.BLOCK_BYTES, name), header(name, sizeBytes))) {
        throw damaged(name);
      }
      return body(name, sizeBytes);
    }

    /** How much was read. */
    long offset() {
      return offset;
    }

    /** Leaves out what is in front of an offset. */
    void skipTo(long wanted) throws IOException {
      try {
        in.skipNBytes(wanted - offset);
      } catch (EOFException e) {
        isCutShort = true;
        throw FirnException.corrupt(
            "%s is cut short before offset %d; get the package again", source, wanted);
      }
      offset = wanted;
    }

    /** Whether the end came too early. */
    boolean isCutShort() {
      return isCutShort;
    }

    /** Checks that the archive ends here, and the file with it. */
    void end() throws IOException {
      if (isNotZero(readFully(END_BYTES, "its end"))) {
        throw damaged("its end");
      }
      if (in.read() >= 0) {
        throw FirnException.corrupt(
            "%s goes on behind its end, at offset %d; get the package again", source, offset);
      }
    }

    private byte[] body(String name, int sizeBytes) throws IOException {
      byte[] body = readFully(sizeBytes, name);
      requirePadding(name, sizeBytes);
      return body;
    }

    private void readBody(String name, byte[] target, int sizeBytes) throws IOException {
      requireWhole(in.readNBytes(target, 0, sizeBytes), sizeBytes, name);
      requirePadding(name, sizeBytes);
    }

    private void requirePadding(String name, int sizeBytes) throws IOException {
      if (isNotZero(readFully(TarHeader.padding(sizeBytes), name))) {
        throw damaged(name);
      }
    }

    private byte[] readFully(int length, String name) throws IOException {
      byte[] bytes;
      int count;
      if (length <= DIRECT_BYTES_MAX) {
        bytes = new byte[length];
        count = in.readNBytes(bytes, 0, length);
      } else {
        // Allocates as bytes arrive: a declared size alone costs nothing.
        bytes = in.readNBytes(length);
        count = bytes.length;
      }
      requireWhole(count, length, name);
      return bytes;
    }

    /** Counts what was read, which must be all that was asked for. */
    private void requireWhole(int count, int length, String name) {
      if (count < length) {
        isCutShort = true;
        throw FirnException.corrupt(
            "%s is cut short at offset %d, in %s; get the package again",
            source, offset + count, name);
      }
      offset += length;
    }

    private FirnException damaged(String name) {
      return FirnException.corrupt(
          "%s is damaged before offset %d, around %s; get the package again", source, offset, name);
    }

    private static boolean isNotZero(byte[] bytes) {
      for (byte value : bytes) {
        if (value != 0) {
          return true;
        }
      }
      return false;
    }
  }
}
