package dev.firn.pack;

import dev.firn.base.Bytes;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.vfs.FileMode;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32;
import org.apache.commons.compress.archivers.zip.X7875_NewUnix;
import org.apache.commons.compress.archivers.zip.ZipArchiveEntry;
import org.apache.commons.compress.archivers.zip.ZipFile;
import org.apache.commons.compress.archivers.zip.ZipMethod;

/**
 * Reads a zip file that anybody may have written, in the order of its central directory, which says
 * what there is. Checks what could make it cost more than its size: a central directory is as long
 * as it says and fits into memory, entries do not share their bytes, none is longer than declared,
 * and what all declare is within the limit.
 */
final class ZipTreeReader implements ArchiveReader, Closeable {
  private static final int END_BYTES = 22;
  private static final int COMMENT_BYTES_MAX = 0xffff;
  private static final int END_SIGNATURE = 0x06054b50;
  private static final int END_64_SIGNATURE = 0x06064b50;
  private static final int LOCATOR_64_SIGNATURE = 0x07064b50;
  private static final int LOCATOR_64_BYTES = 20;
  private static final int END_64_BYTES = 56;
  private static final long UNSIGNED_INT_MAX = 0xffff_ffffL;

  /** Of the heap; what is made of it in memory is several times as long. */
  private static final int HEAP_PART = 32;

  private static final int LOCAL_HEADER_BYTES = 30;
  private static final int DIRECTORY_MODE = 0755;
  private static final int FILE_MODE = 0644;

  /** What DOS programs wrote names in. */
  private static final Charset DOS_NAMES = Charset.forName("IBM437");

  private final String source;
  private final Progress progress;
  private final ZipFile zip;
  private final List<ZipArchiveEntry> entries;
  private int nextEntry;
  private ZipArchiveEntry current;
  private InputStream content;
  private long contentLeft;
  private final CRC32 checksum = new CRC32();

  private interface Step<T> {
    T run() throws IOException;
  }

  /** Reads the central directory. */
  ZipTreeReader(SeekableByteChannel file, UnpackLimit limit, Progress progress) throws IOException {
    this.source = limit.source();
    this.progress = progress;
    checkEnd(file);
    zip =
        run(
            () ->
                ZipFile.builder()
                    .setSeekableByteChannel(file)
                    .setCharset(StandardCharsets.ISO_8859_1)
                    .setUseUnicodeExtraFields(true)
                    .get());
    entries = new ArrayList<>();
    zip.getEntries().asIterator().forEachRemaining(entries::add);
    checkPlaces();
    checkSizes(limit, file.size());
  }

  private void checkEnd(SeekableByteChannel file) throws IOException {
    int length = (int) Math.min(file.size(), END_BYTES + COMMENT_BYTES_MAX);
    long start = file.size() - length;
    byte[] tail = read(file, start, length);
    int at = length - END_BYTES;
    while (at >= 0 && Bytes.getInt(tail, at) != END_SIGNATURE) {
      at--;
    }
    if (at < 0) {
      throw damaged("its end is missing");
    }
    if (at + END_BYTES + Bytes.getShort(tail, at + 20) != length) {
      throw damaged("its end is not where the file ends");
    }
    long end = start + at;
    long directoryBytes = Integer.toUnsignedLong(Bytes.getInt(tail, at + 12));
    long directoryStart = Integer.toUnsignedLong(Bytes.getInt(tail, at + 16));
    byte[] locator =
        end < LOCATOR_64_BYTES ? null : read(file, end - LOCATOR_64_BYTES, LOCATOR_64_BYTES);
    if (locator != null && Bytes.getInt(locator, 0) == LOCATOR_64_SIGNATURE) {
      end = Bytes.getLong(locator, 8);
      if (end < 0 || end > file.size() - END_64_BYTES) {
        throw damaged("its end is elsewhere");
      }
      byte[] end64 = read(file, end, END_64_BYTES);
      if (Bytes.getInt(end64, 0) != END_64_SIGNATURE) {
        throw damaged("its end is damaged");
      }
      directoryBytes = Bytes.getLong(end64, 40);
      directoryStart = Bytes.getLong(end64, 48);
    } else if (directoryBytes == UNSIGNED_INT_MAX || directoryStart == UNSIGNED_INT_MAX) {
      throw damaged("its end is damaged");
    }
    if (directoryBytes < 0 || directoryStart < 0 || directoryStart + directoryBytes != end) {
      throw damaged("its central directory is not as long as it says");
    }
    if (directoryBytes > Runtime.getRuntime().maxMemory() / HEAP_PART) {
      throw FirnException.failed(
          "%s lists more files (in %s) than fit into memory; unpack it, and import a tar of that",
          source, Sizes.format(directoryBytes));
    }
  }

  private static byte[] read(SeekableByteChannel file, long start, int length) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(length);
    file.position(start);
    while (bytes.hasRemaining()) {
      if (file.read(bytes) < 0) {
        throw new IOException("a temporary file has become shorter");
      }
    }
    return bytes.array();
  }

  /** Entries that share bytes make a small file a huge tree. */
  private void checkPlaces() {
    List<ZipArchiveEntry> byPlace = new ArrayList<>(entries);
    byPlace.sort(Comparator.comparingLong(ZipArchiveEntry::getLocalHeaderOffset));
    long end = 0;
    for (ZipArchiveEntry entry : byPlace) {
      long start = entry.getLocalHeaderOffset();
      long length = entry.getCompressedSize();
      if (start < end || length < 0 || start > Long.MAX_VALUE - LOCAL_HEADER_BYTES - length) {
        throw damaged("entries of it lie over one another");
      }
      end = start + LOCAL_HEADER_BYTES + length;
    }
  }

  private void checkSizes(UnpackLimit limit, long storedBytes) {
    long declaredBytes = 0;
    for (ZipArchiveEntry entry : entries) {
      // Before the next is added, so that no sum overflows.
      declaredBytes += Math.min(Sizes.VOLUME_BYTES_MAX, Math.max(0, entry.getSize()));
      limit.check(declaredBytes, storedBytes);
    }
  }

  @Override
  public TarEntry next() throws IOException {
    closeContent();
    while (nextEntry < entries.size()) {
      current = entries.get(nextEntry);
      entries.set(nextEntry++, null);
      TarEntry entry = entry();
      if (entry != null) {
        return entry;
      }
    }
    current = null;
    return null;
  }

  private TarEntry entry() throws IOException {
    TarEntry entry = new TarEntry();
    entry.name = name();
    int mode = current.getPlatform() == ZipArchiveEntry.PLATFORM_UNIX ? current.getUnixMode() : 0;
    boolean directory = current.isDirectory();
    int type = mode & FileMode.TYPE_MASK;
    if (directory) {
      type = FileMode.DIRECTORY;
    } else if (type == 0) {
      type = FileMode.REGULAR;
    }
    if ((mode & FileMode.TYPE_MASK) == 0 && (mode & FileMode.PERMISSION_MASK) == 0) {
      mode = directory ? DIRECTORY_MODE : FILE_MODE;
    }
    entry.mode = mode & FileMode.PERMISSION_MASK;
    entry.link = Bytes.EMPTY;
    if (current.getExtraField(ZipOwner.HEADER_ID) instanceof X7875_NewUnix unix) {
      entry.uid = unix.getUID();
      entry.gid = unix.getGID();
    }
    entry.modifyTime = time(current.getLastModifiedTime());
    entry.accessTime =
        current.getLastAccessTime() == null ? null : time(current.getLastAccessTime());
    checkReadable();
    switch (type) {
      case FileMode.DIRECTORY -> entry.type = TarEntry.DIRECTORY;
      case FileMode.REGULAR -> {
        entry.type = TarEntry.REGULAR;
        entry.sizeBytes = current.getSize();
        entry.storedBytes = current.getSize();
        openContent();
      }
      case FileMode.SYMBOLIC_LINK -> {
        entry.type = TarEntry.SYMBOLIC_LINK;
        entry.link = target();
      }
      default -> {
        progress.warning(
            String.format("%s: '%s' was left out: it is a special file", source, entry.shown()));
        return null;
      }
    }
    return entry;
  }

  private void checkReadable() {
    int method = current.getMethod();
    if (current.getGeneralPurposeBit().usesEncryption()) {
      throw FirnException.failed(
          "%s: '%s' is encrypted; unpack it, and import a tar of that", source, shown());
    }
    if (method != ZipMethod.STORED.getCode() && method != ZipMethod.DEFLATED.getCode()) {
      throw FirnException.failed(
          "%s: '%s' is compressed by method %d, and Firn knows 0 and 8; unpack it, and import a tar"
              + " of that",
          source, shown(), method);
    }
    if (current.getSize() < 0) {
      throw damaged("'" + shown() + "' has no size");
    }
  }

  private byte[] target() throws IOException {
    if (current.getSize() > PackageLayout.TARGET_BYTES_MAX) {
      throw damaged("the symbolic link '" + shown() + "' has no valid target");
    }
    openContent();
    byte[] target = new byte[(int) current.getSize()];
    for (int at = 0; at < target.length; ) {
      at += read(target, at, target.length - at);
    }
    return target;
  }

  private void openContent() throws IOException {
    content = run(() -> zip.getInputStream(current));
    contentLeft = current.getSize();
    checksum.reset();
    if (contentLeft == 0) {
      endContent();
    }
  }

  @Override
  public int read(byte[] target, int from, int length) throws IOException {
    int count = run(() -> content.read(target, from, (int) Math.min(length, contentLeft)));
    if (count <= 0) {
      throw damaged("'" + shown() + "' is shorter than it says");
    }
    checksum.update(target, from, count);
    contentLeft -= count;
    if (contentLeft == 0) {
      endContent();
    }
    return count;
  }

  private void endContent() throws IOException {
    if (run(() -> content.read()) >= 0) {
      throw damaged("'" + shown() + "' is longer than it says");
    }
    if (checksum.getValue() != current.getCrc()) {
      throw damaged("'" + shown() + "' does not have its checksum");
    }
    closeContent();
  }

  private void closeContent() throws IOException {
    if (content != null) {
      content.close();
      content = null;
    }
  }

  private static PaxTime time(FileTime time) {
    long nanos = time.to(TimeUnit.NANOSECONDS);
    if (nanos == Long.MAX_VALUE || nanos == Long.MIN_VALUE) {
      return new PaxTime(time.to(TimeUnit.SECONDS), 0);
    }
    return new PaxTime(
        Math.floorDiv(nanos, 1_000_000_000L), (int) Math.floorMod(nanos, 1_000_000_000L));
  }

  /** As bytes: UTF-8 if they are that or say so, those of Unix as they are, else of DOS. */
  private byte[] name() {
    if (current.getNameSource() == ZipArchiveEntry.NameSource.UNICODE_EXTRA_FIELD) {
      return Bytes.utf8(current.getName());
    }
    byte[] raw = current.getRawName();
    boolean unix = current.getPlatform() == ZipArchiveEntry.PLATFORM_UNIX;
    if (unix || current.getGeneralPurposeBit().usesUTF8ForNames() || Names.isUtf8(raw)) {
      return raw;
    }
    return Bytes.utf8(new String(raw, DOS_NAMES));
  }

  private String shown() {
    return Names.printable(name());
  }

  @Override
  public void close() throws IOException {
    closeContent();
    zip.close();
  }

  private <T> T run(Step<T> step) throws IOException {
    try {
      return step.run();
    } catch (IOException | RuntimeException e) {
      if (e instanceof FirnException) {
        throw e;
      }
      String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      throw new FirnException(
          ErrorKind.CORRUPT,
          String.format("%s is cut short or damaged: %s; get it again", source, reason.strip()),
          e);
    }
  }

  private FirnException damaged(String reason) {
    return FirnException.corrupt("%s is damaged or hostile: %s", source, reason);
  }
}
