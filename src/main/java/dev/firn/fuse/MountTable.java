package dev.firn.fuse;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The mounts this process sees, from /proc/self/mountinfo. */
final class MountTable {
  private static final Path MOUNT_INFO = Path.of("/proc/self/mountinfo");

  /** Field of mountinfo (proc(5)) that holds the device number. */
  private static final int DEVICE_FIELD = 2;

  /** Field of mountinfo that holds the mount point. */
  private static final int MOUNT_POINT_FIELD = 4;

  private MountTable() {}

  /** The file-system type of the topmost mount at exactly this directory, such as "fuse.firn". */
  static Optional<String> typeAt(Path directory) throws IOException {
    return rowOf(directory).map(MountTable::typeOf);
  }

  /** The device number of the topmost mount at exactly this directory, such as "0:45". */
  static Optional<String> deviceAt(Path directory) throws IOException {
    return rowOf(directory).map(fields -> fields[DEVICE_FIELD]);
  }

  private static Optional<String[]> rowOf(Path directory) throws IOException {
    byte[] wanted = bytes(directory);
    Optional<String[]> row = Optional.empty();
    for (String[] fields : rows()) {
      if (Arrays.equals(unescape(fields[MOUNT_POINT_FIELD]), wanted)) {
        row = Optional.of(fields);
      }
    }
    return row;
  }

  /** The mount points below a directory, as text for messages. */
  static List<String> below(Path directory) throws IOException {
    String prefix = new String(bytes(directory), StandardCharsets.ISO_8859_1) + '/';
    List<String> found = new ArrayList<>();
    for (String[] fields : rows()) {
      byte[] place = unescape(fields[MOUNT_POINT_FIELD]);
      if (new String(place, StandardCharsets.ISO_8859_1).startsWith(prefix)) {
        found.add(new String(place, StandardCharsets.UTF_8));
      }
    }
    return found;
  }

  /** The mount points of these device numbers. */
  static List<Path> ofDevices(Set<String> devices) throws IOException {
    List<Path> found = new ArrayList<>();
    for (String[] fields : rows()) {
      if (devices.contains(fields[DEVICE_FIELD])) {
        found.add(Path.of(new String(unescape(fields[MOUNT_POINT_FIELD]), encoding())));
      }
    }
    return found;
  }

  private static List<String[]> rows() throws IOException {
    List<String[]> rows = new ArrayList<>();
    // Latin-1 keeps every byte of names in whatever encoding.
    for (String line : Files.readString(MOUNT_INFO, StandardCharsets.ISO_8859_1).split("\n")) {
      String[] fields = line.split(" ");
      if (fields.length > MOUNT_POINT_FIELD) {
        rows.add(fields);
      }
    }
    return rows;
  }

  /** The path as the kernel sees it. */
  static byte[] bytes(Path path) {
    return path.toString().getBytes(encoding());
  }

  private static Charset encoding() {
    return Charset.forName(System.getProperty("sun.jnu.encoding", StandardCharsets.UTF_8.name()));
  }

  /** The type stands behind a lone dash, which follows a varying number of optional fields. */
  private static String typeOf(String[] fields) {
    for (int i = MOUNT_POINT_FIELD + 1; i < fields.length - 1; i++) {
      if (fields[i].equals("-")) {
        return fields[i + 1];
      }
    }
    return "";
  }

  /** Blanks, tabs, newlines and backslashes stand there as a backslash and three octal digits. */
  static byte[] unescape(String field) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(field.length());
    for (int i = 0; i < field.length(); i++) {
      char c = field.charAt(i);
      if (c == '\\' && i + 3 < field.length()) {
        bytes.write(Integer.parseInt(field.substring(i + 1, i + 4), 8));
        i += 3;
      } else {
        bytes.write(c);
      }
    }
    return bytes.toByteArray();
  }
}
