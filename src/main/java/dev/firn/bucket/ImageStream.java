package dev.firn.bucket;

import dev.firn.base.FirnException;
import dev.firn.pack.ImageFormat;
import dev.firn.pack.ImageImporter;
import dev.firn.pack.ImportOptions;
import dev.firn.pack.Importer;
import dev.firn.pack.PackageFormat;
import dev.firn.pack.ProgressListener;
import dev.firn.pack.TreeMounter;
import dev.firn.pack.Trust;
import dev.firn.region.Region;
import dev.firn.snapshot.Snapshot;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * What a snapshot can be made of when somebody gives a URL: a disk's image, raw or QEMU's, also
 * compressed by gzip, or a package of Firn's own.
 *
 * <p>A raw disk has no sign of its own, so what has the sign of something else is refused, and what
 * is no multiple of a sector long: an error's page or an archive would else become a disk.
 */
final class ImageStream {
  private static final int HEAD_BYTES = 64 << 10;
  private static final int SECTOR_BYTES = 512;

  private record Sign(String what, int offset, String bytes) {
    boolean isIn(byte[] head, int length) {
      byte[] wanted = bytes.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1);
      return length >= offset + wanted.length
          && Arrays.equals(head, offset, offset + wanted.length, wanted, 0, wanted.length);
    }
  }

  private static final Sign[] OTHERS = {
    new Sign("a zip file", 0, "PK\u0003\u0004"),
    new Sign("a tar archive", 257, "ustar"),
    new Sign("compressed by zstd", 0, "\u0028\u00b5\u002f\u00fd"),
    new Sign("compressed by xz", 0, "\u00fd7zXZ\u0000"),
    new Sign("compressed by bzip2", 0, "BZh"),
    new Sign("compressed by gzip once more", 0, "\u001f\u008b"),
    new Sign("a 7z archive", 0, "7z\u00bc\u00af\u0027\u001c"),
    new Sign("a program", 0, "\u007fELF"),
    new Sign("a PDF document", 0, "%PDF"),
    new Sign("an image of VMware's", 0, "KDMV"),
    new Sign("an image of VMware's", 0, "# Disk DescriptorFile"),
    new Sign("an image of Hyper-V's", 0, "vhdxfile"),
    new Sign("an image of Virtual PC's", 0, "conectix"),
    new Sign("an image of VirtualBox's", 0x40, "\u007f\u0010\u00da\u00be"),
    new Sign("an older image of QEMU's", 0, "QED\u0000"),
    new Sign("an image of Parallels'", 0, "WithoutFreeSpace"),
  };

  private ImageStream() {}

  /**
   * Makes a snapshot of a stream.
   *
   * @param sizeBytes the volume's; what is larger is refused
   * @param name what to call the stream in messages
   * @throws FirnException of kind CORRUPT if it is none of these things, or damaged
   */
  static Snapshot read(
      Region region,
      InputStream in,
      long sizeBytes,
      String name,
      TreeMounter mounter,
      ProgressListener listener)
      throws IOException {
    BufferedInputStream content = new BufferedInputStream(in, 2 * HEAD_BYTES);
    content.mark(HEAD_BYTES);
    byte[] head = content.readNBytes(HEAD_BYTES);
    content.reset();
    ImportOptions options =
        new ImportOptions(
            null, sizeBytes, Trust.of(region.home(), java.util.List.of(), false), name);
    if (PackageFormat.isPackage(head, head.length)) {
      return Importer.importFrom(region, content, PackageFormat.FIRN, options, listener);
    }
    boolean compressed = head.length >= 2 && head[0] == 0x1f && head[1] == (byte) 0x8b;
    byte[] plain = compressed ? inflated(head, name) : head;
    ImageFormat format;
    if (ImageFormat.isQcow2(plain)) {
      format = compressed ? ImageFormat.QCOW2_GZ : ImageFormat.QCOW2;
    } else {
      requireDisk(plain, name);
      format = compressed ? ImageFormat.RAW_GZ : ImageFormat.RAW;
    }
    boolean raw = format == ImageFormat.RAW || format == ImageFormat.RAW_GZ;
    Sectors counted = raw && !compressed ? new Sectors(content, name) : null;
    return ImageImporter.importFrom(
        region, counted == null ? content : counted, format, options, mounter, listener);
  }

  private static byte[] inflated(byte[] head, String name) throws IOException {
    byte[] plain = new byte[SECTOR_BYTES];
    int length = 0;
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(head))) {
      length = in.readNBytes(plain, 0, plain.length);
    } catch (EOFException e) {
      // All there is of it, or all that the head has.
    } catch (ZipException e) {
      throw FirnException.corrupt("%s is damaged: %s", name, e.getMessage());
    }
    return Arrays.copyOf(plain, length);
  }

  private static void requireDisk(byte[] head, String name) {
    for (Sign sign : OTHERS) {
      if (sign.isIn(head, head.length)) {
        throw FirnException.corrupt("%s is no disk's image but %s", name, sign.what());
      }
    }
    if (head.length < SECTOR_BYTES || isText(head)) {
      throw FirnException.corrupt("%s is no disk's image but a text, or nothing", name);
    }
  }

  /** Pages of HTML, XML and JSON, as services answer when something is wrong. */
  private static boolean isText(byte[] head) {
    String start =
        new String(head, 0, SECTOR_BYTES, java.nio.charset.StandardCharsets.ISO_8859_1).strip();
    boolean begins = start.startsWith("<") || start.startsWith("{") || start.startsWith("[");
    for (int i = 0; i < SECTOR_BYTES && begins; i++) {
      begins =
          head[i] >= 0x20 || head[i] == '\n' || head[i] == '\r' || head[i] == '\t' || head[i] < 0;
    }
    return begins;
  }

  /** Refuses a length that no disk has. */
  private static final class Sectors extends java.io.FilterInputStream {
    private final String name;
    private long bytes;

    Sectors(InputStream in, String name) {
      super(in);
      this.name = name;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = super.read(target, offset, length);
      if (count > 0) {
        bytes += count;
      } else if (count < 0 && bytes % SECTOR_BYTES != 0) {
        throw FirnException.corrupt(
            "%s has %d bytes, no multiple of %d: it is no disk's image", name, bytes, SECTOR_BYTES);
      }
      return count;
    }
  }
}
