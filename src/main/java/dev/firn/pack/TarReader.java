package dev.firn.pack;

import dev.firn.base.FirnException;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads tar archives (v7, ustar, pax, GNU with long names and sparse files) from a stream, with
 * names and attribute values as bytes. Every limit is checked before memory is taken. CORRUPT at
 * the first thing that is wrong, with its offset.
 */
final class TarReader implements ArchiveReader {
  /** Headers of one entry, names and extended attributes, with those that are for all. */
  private static final int HEADER_BODY_BYTES_MAX = 16 << 20;

  private static final int SPARSE_RUNS_MAX = 4 << 20;
  private static final byte[] MAGIC_POSIX = {'u', 's', 't', 'a', 'r', 0};

  private final InputStream in;
  private final String source;
  private final byte[] block = new byte[TarHeader.BLOCK_BYTES];
  private final Map<String, byte[]> globals = new LinkedHashMap<>();
  private long offset;
  private long bodyLeft;
  private int paddingLeft;
  private long headerBytes;
  private long globalBytes;

  TarReader(InputStream in, String source) {
    this.in = in;
    this.source = source;
  }

  /** The next entry, what is left of the one before skipped; null at the archive's end. */
  @Override
  public TarEntry next() throws IOException {
    skipBody();
    byte[] longName = null;
    byte[] longLink = null;
    PaxRecords pax = new PaxRecords();
    headerBytes = globalBytes;
    while (true) {
      readBlock("a header");
      if (isZero(block)) {
        if (longName != null || longLink != null || !pax.isEmpty()) {
          throw damaged("the last entry is missing");
        }
        readEnd();
        return null;
      }
      if (!TarHeader.isCheckSumRight(block)) {
        throw damaged("a header has a wrong checksum");
      }
      char type = (char) (block[TarHeader.TYPE] & 0xff);
      switch (type) {
        case 'x', 'X' -> parsePax().items().forEach(item -> pax.add(item.key(), item.value()));
        case 'g' -> {
          long before = headerBytes;
          parsePax().items().forEach(item -> globals.put(item.key(), item.value()));
          globalBytes += headerBytes - before;
        }
        case 'L' -> longName = withoutNul(headerBody());
        case 'K' -> longLink = withoutNul(headerBody());
        case 'V' -> {
          // A volume's label: no entry.
          bodyLeft = number(TarHeader.SIZE, TarHeader.SIZE_LENGTH);
          paddingLeft = TarHeader.padding(bodyLeft);
          skipBody();
        }
        default -> {
          return entry(type, longName, longLink, pax);
        }
      }
    }
  }

  /** Reads stored bytes of the current entry; less than asked for only at their end, then 0. */
  @Override
  public int read(byte[] target, int from, int length) throws IOException {
    int wanted = (int) Math.min(length, bodyLeft);
    int count = in.readNBytes(target, from, wanted);
    offset += count;
    bodyLeft -= count;
    if (count < wanted) {
      throw cutShort("a file's content");
    }
    return count;
  }

  private TarEntry entry(char type, byte[] longName, byte[] longLink, PaxRecords pax)
      throws IOException {
    TarEntry entry = new TarEntry();
    entry.type = type == 0 || type == '7' ? TarEntry.REGULAR : type;
    entry.name = longName != null ? longName : headerName();
    entry.link =
        longLink != null
            ? longLink
            : TarHeader.text(block, TarHeader.LINK_NAME, TarHeader.NAME_LENGTH);
    entry.mode = (int) number(TarHeader.MODE, TarHeader.ID_LENGTH);
    entry.uid = number(TarHeader.UID, TarHeader.ID_LENGTH);
    entry.gid = number(TarHeader.GID, TarHeader.ID_LENGTH);
    entry.modifyTime = new PaxTime(number(TarHeader.MODIFY_TIME, TarHeader.TIME_LENGTH), 0);
    entry.storedBytes = number(TarHeader.SIZE, TarHeader.SIZE_LENGTH);
    if (type == TarEntry.CHARACTER_DEVICE || type == TarEntry.BLOCK_DEVICE) {
      entry.deviceMajor = number(TarHeader.DEVICE_MAJOR, TarHeader.DEVICE_LENGTH);
      entry.deviceMinor = number(TarHeader.DEVICE_MINOR, TarHeader.DEVICE_LENGTH);
    }
    List<PaxRecords.Item> items = new ArrayList<>();
    globals.forEach((key, value) -> items.add(new PaxRecords.Item(key, value)));
    items.addAll(pax.items());
    PaxEntry extended = new PaxEntry(entry);
    try {
      items.forEach(extended::apply);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw damaged("'" + entry.shown() + "': " + e.getMessage());
    }
    if (entry.storedBytes < 0) {
      throw damaged("'" + entry.shown() + "' has the size " + entry.storedBytes);
    }
    boolean hasBody = entry.type == TarEntry.REGULAR || type == 'S' || type == 'D';
    entry.sizeBytes = hasBody ? entry.storedBytes : 0;
    // What links, devices and directories say of a size is not followed by content.
    bodyLeft = hasBody ? entry.storedBytes : 0;
    paddingLeft = TarHeader.padding(bodyLeft);
    finish(entry, extended);
    return entry;
  }

  private void finish(TarEntry entry, PaxEntry extended) throws IOException {
    try {
      if (entry.type == 'S') {
        entry.type = TarEntry.REGULAR;
        readGnuSparse(entry);
      } else if (extended.isSparse()) {
        entry.name = extended.sparseName() != null ? extended.sparseName() : entry.name;
        readPaxSparse(entry, extended);
      }
      if (entry.sparse != null
          && (entry.sparse.dataBytes() != bodyLeft || entry.sparse.end() > entry.sizeBytes)) {
        throw new IllegalArgumentException("its sparse map does not fit its size");
      }
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw damaged("'" + entry.shown() + "': " + e.getMessage());
    }
    if (entry.type == 'D') {
      // GNU's incremental directories; their content is a list of names.
      entry.type = TarEntry.DIRECTORY;
      entry.sizeBytes = 0;
    }
    boolean slash = entry.name.length > 0 && entry.name[entry.name.length - 1] == '/';
    if (entry.type == TarEntry.REGULAR && slash && entry.storedBytes == 0) {
      // How archives from before POSIX mark directories.
      entry.type = TarEntry.DIRECTORY;
    }
  }

  private void readGnuSparse(TarEntry entry) throws IOException {
    entry.sizeBytes = number(TarHeader.GNU_REAL_SIZE, TarHeader.SIZE_LENGTH);
    entry.sparse = new SparseMap();
    addGnuRuns(entry.sparse, TarHeader.GNU_SPARSE, TarHeader.GNU_SPARSE_ENTRIES);
    boolean more = block[TarHeader.GNU_SPARSE_EXTENDED] != 0;
    while (more) {
      readBlock("a sparse map");
      addGnuRuns(entry.sparse, 0, TarHeader.GNU_EXTENSION_ENTRIES);
      more = block[TarHeader.GNU_EXTENSION_EXTENDED] != 0;
      limitRuns(entry.sparse.count());
    }
  }

  private void addGnuRuns(SparseMap map, int from, int entries) {
    for (int i = 0; i < entries; i++) {
      int at = from + i * TarHeader.GNU_SPARSE_ENTRY_BYTES;
      if (block[at] == 0) {
        return;
      }
      map.add(
          number(at, TarHeader.SIZE_LENGTH),
          number(at + TarHeader.SIZE_LENGTH, TarHeader.SIZE_LENGTH));
    }
  }

  private void readPaxSparse(TarEntry entry, PaxEntry extended) throws IOException {
    entry.sizeBytes = extended.realSizeBytes();
    if (extended.sparseMap() != null) {
      entry.sparse = extended.sparseMap();
      return;
    }
    // Version 1.0: the map stands before the content, as decimal lines.
    SparseMap map = new SparseMap();
    DecimalLines lines = new DecimalLines();
    long count = lines.next();
    limitRuns(count);
    for (long i = 0; i < count; i++) {
      long runOffset = lines.next();
      map.add(runOffset, lines.next());
    }
    entry.sparse = map;
  }

  private void limitRuns(long count) {
    if (count < 0 || count > SPARSE_RUNS_MAX) {
      throw new IllegalArgumentException("its sparse map is too long");
    }
  }

  /** Numbers at the start of an entry's content, one a line, in whole blocks. */
  private final class DecimalLines {
    private final byte[] bytes = new byte[TarHeader.BLOCK_BYTES];
    private int at = TarHeader.BLOCK_BYTES;

    long next() throws IOException {
      long number = 0;
      for (int digits = 0; ; digits++) {
        if (at == bytes.length) {
          if (read(bytes, 0, bytes.length) < bytes.length) {
            throw new IllegalArgumentException("its sparse map is cut short");
          }
          at = 0;
        }
        byte value = bytes[at++];
        if (value == '\n' && digits > 0) {
          return number;
        }
        if (value < '0' || value > '9') {
          throw new IllegalArgumentException("its sparse map is malformed");
        }
        number = Math.addExact(Math.multiplyExact(number, 10L), value - '0');
      }
    }
  }

  private byte[] headerName() {
    byte[] name = TarHeader.text(block, TarHeader.NAME, TarHeader.NAME_LENGTH);
    boolean posix =
        Arrays.equals(
            block,
            TarHeader.MAGIC,
            TarHeader.MAGIC + MAGIC_POSIX.length,
            MAGIC_POSIX,
            0,
            MAGIC_POSIX.length);
    byte[] prefix = TarHeader.text(block, TarHeader.PREFIX, TarHeader.PREFIX_LENGTH);
    if (!posix || prefix.length == 0) {
      return name;
    }
    byte[] joined = Arrays.copyOf(prefix, prefix.length + 1 + name.length);
    joined[prefix.length] = '/';
    System.arraycopy(name, 0, joined, prefix.length + 1, name.length);
    return joined;
  }

  private PaxRecords parsePax() throws IOException {
    byte[] body = headerBody();
    try {
      return PaxRecords.parse(body);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw damaged("a pax header is malformed");
    }
  }

  private byte[] headerBody() throws IOException {
    long size = number(TarHeader.SIZE, TarHeader.SIZE_LENGTH);
    if (size < 0 || size > HEADER_BODY_BYTES_MAX - headerBytes) {
      throw damaged("a header of " + size + " bytes is too large");
    }
    headerBytes += size;
    byte[] body = in.readNBytes((int) size);
    offset += body.length;
    if (body.length < size) {
      throw cutShort("a header");
    }
    bodyLeft = 0;
    paddingLeft = TarHeader.padding(size);
    skipBody();
    return body;
  }

  private void skipBody() throws IOException {
    byte[] waste = new byte[1 << 16];
    while (bodyLeft > 0) {
      read(waste, 0, waste.length);
    }
    int count = in.readNBytes(waste, 0, paddingLeft);
    offset += count;
    if (count < paddingLeft) {
      throw cutShort("a file's content");
    }
    paddingLeft = 0;
  }

  /** A second block of zeros ends an archive; writers fill up with more of them. */
  private void readEnd() throws IOException {
    readBlock("its end");
    byte[] rest = block;
    int count = rest.length;
    while (count > 0) {
      if (!isZero(count == rest.length ? rest : Arrays.copyOf(rest, count))) {
        throw damaged("it goes on behind its end");
      }
      offset += count;
      rest = rest == block ? new byte[1 << 16] : rest;
      count = in.readNBytes(rest, 0, rest.length);
    }
  }

  private void readBlock(String what) throws IOException {
    int count = in.readNBytes(block, 0, block.length);
    if (count < block.length) {
      offset += count;
      throw cutShort(what);
    }
    offset += count;
  }

  private long number(int at, int length) {
    try {
      return TarHeader.number(block, at, length);
    } catch (IllegalArgumentException e) {
      throw damaged("a header has a malformed number");
    }
  }

  private static byte[] withoutNul(byte[] text) {
    int end = text.length;
    while (end > 0 && text[end - 1] == 0) {
      end--;
    }
    return Arrays.copyOf(text, end);
  }

  private static boolean isZero(byte[] bytes) {
    for (byte value : bytes) {
      if (value != 0) {
        return false;
      }
    }
    return true;
  }

  private FirnException damaged(String reason) {
    return FirnException.corrupt(
        "%s is damaged before offset %d: %s; get the archive again", source, offset, reason);
  }

  private FirnException cutShort(String what) {
    return FirnException.corrupt(
        "%s is cut short at offset %d, in %s; get the archive again", source, offset, what);
  }
}
