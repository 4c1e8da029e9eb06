package dev.firn.pack;

import dev.firn.vfs.Attributes;
import dev.firn.vfs.DeviceNumbers;
import dev.firn.vfs.FileMode;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;

/**
 * Writes the files of a snapshot as a pax archive that GNU tar restores with every attribute. Names
 * begin with "./", as {@code tar -c .} writes them; the first entry is the root. All there is in it
 * comes from the snapshot, so that equal trees give equal archives.
 */
final class TarTreeWriter implements TreeWalker.Visitor {
  private static final int BUFFER_BYTES = 1 << 20;

  /** GNU's usual record: archives are multiples of it. */
  private static final int RECORD_BYTES = 10240;

  /** Holes that are worth a sparse entry, which not every reader understands. */
  private static final long SPARSE_BYTES_MIN = 128 << 10;

  private static final long OCTAL_ID_MAX = 07777777L;
  private static final long OCTAL_SIZE_MAX = 077777777777L;
  private static final byte[] PREFIX = {'.', '/'};

  private final FileSystem source;
  private final TarArchiveOutputStream tar;
  private final Progress progress;
  private final FileReader reader;

  private TarTreeWriter(FileSystem source, OutputStream target, Progress progress) {
    this.source = source;
    this.progress = progress;
    this.reader = new FileReader(source, BUFFER_BYTES);
    this.tar = new TarArchiveOutputStream(target, RECORD_BYTES, StandardCharsets.ISO_8859_1.name());
    // What does not fit a header stands in the pax header before it, which is written here:
    // Commons Compress has texts there, and names and attributes are bytes.
    tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_TRUNCATE);
    tar.setBigNumberMode(TarArchiveOutputStream.BIGNUMBER_STAR);
  }

  /** Writes all of the archive; does not close {@code target}. */
  static void write(FileSystem source, OutputStream target, Progress progress) throws IOException {
    TarTreeWriter writer = new TarTreeWriter(source, target, progress);
    TreeWalker.walk(source, writer);
    writer.tar.finish();
  }

  @Override
  public void inode(Place place, Attributes attributes) throws IOException {
    byte[] path = place.path(PREFIX);
    long inode = attributes.inode();
    switch (attributes.mode() & FileMode.TYPE_MASK) {
      case FileMode.DIRECTORY -> {
        byte[] name = place.isRoot() ? path : append(path, (byte) '/');
        put(TarConstants.LF_DIR, name, new byte[0], 0, attributes, pax(attributes));
      }
      case FileMode.SYMBOLIC_LINK ->
          put(
              TarConstants.LF_SYMLINK,
              path,
              source.readLink(inode),
              0,
              attributes,
              pax(attributes));
      case FileMode.FIFO ->
          put(TarConstants.LF_FIFO, path, new byte[0], 0, attributes, pax(attributes));
      case FileMode.CHARACTER_DEVICE ->
          put(TarConstants.LF_CHR, path, new byte[0], 0, attributes, pax(attributes));
      case FileMode.BLOCK_DEVICE ->
          put(TarConstants.LF_BLK, path, new byte[0], 0, attributes, pax(attributes));
      case FileMode.REGULAR -> writeFile(path, attributes);
      default ->
          progress.warning(
              String.format("%s was left out: a tar archive cannot hold a socket", place));
    }
  }

  @Override
  public void link(Place place, Attributes attributes, Place first) throws IOException {
    if ((attributes.mode() & FileMode.TYPE_MASK) == FileMode.SOCKET) {
      return;
    }
    put(
        TarConstants.LF_LINK,
        place.path(PREFIX),
        first.path(PREFIX),
        0,
        attributes,
        new PaxRecords());
  }

  private void writeFile(byte[] path, Attributes attributes) throws IOException {
    long inode = attributes.inode();
    long size = attributes.sizeBytes();
    SparseMap map = FileReader.dataRuns(source, inode, size, TarHeader.BLOCK_BYTES);
    PaxRecords pax = pax(attributes);
    if (size - map.dataBytes() < SPARSE_BYTES_MIN) {
      put(TarConstants.LF_NORMAL, path, new byte[0], size, attributes, pax);
      writePlain(inode, size);
    } else {
      byte[] lines = sparseLines(map, size);
      pax.add("GNU.sparse.major", "1");
      pax.add("GNU.sparse.minor", "0");
      pax.add("GNU.sparse.name", path);
      pax.add("GNU.sparse.realsize", Long.toString(size));
      long stored = lines.length + map.dataBytes();
      put(
          TarConstants.LF_NORMAL,
          inFolder("GNUSparseFile", path),
          new byte[0],
          stored,
          attributes,
          pax);
      tar.write(lines);
      writeRuns(inode, size);
    }
    tar.closeArchiveEntry();
  }

  private void writePlain(long inode, long size) throws IOException {
    byte[] zeros = null;
    long done = 0;
    reader.begin(inode, size, 1);
    while (done < size) {
      boolean data = reader.next();
      long dataStart = data ? reader.offset() : size;
      while (done < dataStart) {
        zeros = zeros != null ? zeros : new byte[TarHeader.BLOCK_BYTES];
        int count = (int) Math.min(zeros.length, dataStart - done);
        tar.write(zeros, 0, count);
        done += count;
      }
      if (data) {
        tar.write(reader.bytes(), 0, reader.length());
        done += reader.length();
        progress.advance(reader.length());
      }
    }
  }

  private void writeRuns(long inode, long size) throws IOException {
    // GNU tar starts each run on a new block.
    reader.begin(inode, size, TarHeader.BLOCK_BYTES);
    while (reader.next()) {
      tar.write(reader.bytes(), 0, reader.length());
      progress.advance(reader.length());
    }
  }

  /** GNU's sparse format 1.0: the map as decimal lines in whole blocks, before the data. */
  private static byte[] sparseLines(SparseMap map, long size) {
    StringBuilder lines = new StringBuilder();
    boolean holeAtEnd = map.end() < size;
    lines.append(map.count() + (holeAtEnd ? 1 : 0)).append('\n');
    for (int i = 0; i < map.count(); i++) {
      lines.append(map.offset(i)).append('\n').append(map.length(i)).append('\n');
    }
    if (holeAtEnd) {
      lines.append(size).append("\n0\n");
    }
    byte[] text = lines.toString().getBytes(StandardCharsets.US_ASCII);
    return Arrays.copyOf(text, text.length + TarHeader.padding(text.length));
  }

  /** Writes the headers; the caller writes and closes an entry that has content. */
  private void put(
      byte type, byte[] path, byte[] link, long size, Attributes attributes, PaxRecords pax)
      throws IOException {
    if (path.length > TarHeader.NAME_LENGTH) {
      pax.add("path", path);
    }
    if (link.length > TarHeader.NAME_LENGTH) {
      pax.add("linkpath", link);
    }
    if (size > OCTAL_SIZE_MAX) {
      pax.add("size", Long.toString(size));
    }
    if (!pax.isEmpty()) {
      byte[] body = pax.toBytes();
      TarArchiveEntry header =
          entry(TarConstants.LF_PAX_EXTENDED_HEADER_LC, inFolder("PaxHeaders", path), 0644);
      header.setIds(0, 0);
      header.setModTime(0L);
      header.setSize(body.length);
      tar.putArchiveEntry(header);
      tar.write(body);
      tar.closeArchiveEntry();
    }
    TarArchiveEntry entry = entry(type, path, attributes.mode() & FileMode.PERMISSION_MASK);
    entry.setLinkName(fieldText(link));
    entry.setUserId(Integer.toUnsignedLong(attributes.uid()));
    entry.setGroupId(Integer.toUnsignedLong(attributes.gid()));
    entry.setModTime(FileTime.from(attributes.modifySeconds(), TimeUnit.SECONDS));
    entry.setSize(size);
    if (type == TarConstants.LF_CHR || type == TarConstants.LF_BLK) {
      int device = attributes.device();
      entry.setDevMajor(DeviceNumbers.major(device));
      entry.setDevMinor(DeviceNumbers.minor(device));
    }
    tar.putArchiveEntry(entry);
    if (type != TarConstants.LF_NORMAL) {
      tar.closeArchiveEntry();
    }
  }

  private static TarArchiveEntry entry(byte type, byte[] name, int mode) {
    TarArchiveEntry entry = new TarArchiveEntry(fieldText(name), type, true);
    entry.setMode(mode);
    // Else the name of whoever exports would be in it.
    entry.setUserName("");
    entry.setGroupName("");
    return entry;
  }

  /** The records for what every kind of inode has; in a fixed order. */
  private PaxRecords pax(Attributes attributes) throws IOException {
    PaxRecords pax = new PaxRecords();
    long uid = Integer.toUnsignedLong(attributes.uid());
    long gid = Integer.toUnsignedLong(attributes.gid());
    if (uid > OCTAL_ID_MAX) {
      pax.add("uid", Long.toString(uid));
    }
    if (gid > OCTAL_ID_MAX) {
      pax.add("gid", Long.toString(gid));
    }
    PaxTime modify = new PaxTime(attributes.modifySeconds(), attributes.modifyNanos());
    PaxTime access = new PaxTime(attributes.accessSeconds(), attributes.accessNanos());
    boolean plain =
        modify.nanos() == 0 && modify.seconds() >= 0 && modify.seconds() <= OCTAL_SIZE_MAX;
    if (!plain) {
      pax.add("mtime", modify.text());
    }
    if (!access.equals(modify)) {
      pax.add("atime", access.text());
    }
    List<byte[]> names = new ArrayList<>(source.listXattrs(attributes.inode()));
    names.sort(Arrays::compareUnsigned);
    for (byte[] name : names) {
      addXattr(pax, text(name), source.getXattr(attributes.inode(), name));
    }
    return pax;
  }

  private static void addXattr(PaxRecords pax, String name, byte[] value) {
    String aclKey =
        switch (name) {
          case PosixAcl.ACCESS_XATTR -> "SCHILY.acl.access";
          case PosixAcl.DEFAULT_XATTR -> "SCHILY.acl.default";
          default -> null;
        };
    Optional<String> acl = aclKey == null ? Optional.empty() : PosixAcl.toText(value);
    if (acl.isPresent()) {
      pax.add(aclKey, acl.get());
    } else {
      pax.add(PaxEntry.XATTR_PREFIX + name.replace("%", "%25").replace("=", "%3D"), value);
    }
  }

  /** A name for what readers that do not know the entry would make of it. */
  private static byte[] inFolder(String folder, byte[] path) {
    int end = path[path.length - 1] == '/' ? path.length - 1 : path.length;
    int start = end;
    while (start > 0 && path[start - 1] != '/') {
      start--;
    }
    byte[] prefix = ("./" + folder + ".0/").getBytes(StandardCharsets.US_ASCII);
    int length = Math.min(end - start, TarHeader.NAME_LENGTH - prefix.length - 1);
    byte[] name = Arrays.copyOf(prefix, prefix.length + length);
    System.arraycopy(path, start, name, prefix.length, length);
    return name;
  }

  private static byte[] append(byte[] path, byte value) {
    byte[] longer = Arrays.copyOf(path, path.length + 1);
    longer[path.length] = value;
    return longer;
  }

  /** As much as a header's field takes; Commons Compress would cut it byte by byte. */
  private static String fieldText(byte[] name) {
    return text(Arrays.copyOf(name, Math.min(name.length, TarHeader.NAME_LENGTH)));
  }

  private static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.ISO_8859_1);
  }
}
