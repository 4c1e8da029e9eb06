package dev.firn.pack;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.firn.base.DiskErrors;
import dev.firn.base.FirnException;
import dev.firn.base.Program;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Converts between raw disks and QEMU's format with qemu-img(1). Formats are always said, never
 * guessed: else a raw disk that begins like another format would be taken for that. Memory is
 * bounded, and so is time, by the disk's size.
 */
final class QemuImg {
  private static final String PACKAGE = "qemu-utils";
  private static final long MEMORY_BYTES_MAX = 4L << 30;
  private static final int SECONDS_MIN = 600;

  /** Slower than this is stuck. */
  private static final long BYTES_PER_SECOND_MIN = 2 << 20;

  private static final int LEAKS_FOUND = 3;

  private static final ObjectMapper JSON = new ObjectMapper();

  private QemuImg() {}

  /** Makes an image of a raw disk, and looks whether it is whole and has the same bytes. */
  static void fromRaw(Path raw, Path image, long diskBytes, Program.Watcher watcher)
      throws IOException {
    require(
        "made no image",
        run(diskBytes, watcher, "convert", "-f", "raw", "-O", "qcow2", text(raw), text(image)));
    require("found damage in what it made", check(image, diskBytes, watcher));
    require(
        "finds other bytes in what it made",
        run(diskBytes, watcher, "compare", "-f", "raw", "-F", "qcow2", text(raw), text(image)));
  }

  /**
   * Writes an image's disk into a file of that size, all of which is a hole, and looks whether the
   * file has the same bytes then.
   *
   * @param source what to call the image in messages
   * @throws FirnException of kind CORRUPT if the image is damaged
   * @throws IOException if the file's disk is full, with the system's words
   */
  static void toRaw(Path image, Path raw, long diskBytes, String source, Program.Watcher watcher)
      throws IOException {
    Program.Result checked = check(image, diskBytes, watcher);
    if (checked.exitStatus() != 0 && checked.exitStatus() != LEAKS_FOUND) {
      throw FirnException.corrupt("%s is damaged: %s", source, checked.reason());
    }
    Program.Result converted =
        run(
            diskBytes,
            watcher,
            "convert",
            "-n",
            "--target-is-zero",
            "-O",
            "raw",
            alone(image),
            text(raw));
    String problem = "cannot convert " + source;
    if (converted.exitStatus() != 0 && DiskErrors.saysFull(converted.reason())) {
      throw new IOException("qemu-img " + problem + ": " + converted.reason());
    }
    require(problem, converted);
    // It does not look whether what it wrote could be stored.
    require(
        "finds other bytes in what it made of " + source,
        run(diskBytes, watcher, "compare", "-F", "raw", alone(image), text(raw)));
  }

  private static Program.Result check(Path image, long diskBytes, Program.Watcher watcher)
      throws IOException {
    return run(diskBytes, watcher, "check", "-f", "qcow2", text(image));
  }

  /** As a description that forbids any other file beside it. */
  private static String alone(Path image) throws IOException {
    Map<String, Object> file = Map.of("driver", "file", "filename", text(image));
    Map<String, Object> whole = new java.util.TreeMap<>(Map.of("driver", "qcow2", "file", file));
    whole.put("backing", null);
    return "json:" + JSON.writeValueAsString(whole);
  }

  /** Absolute, so that nothing in it is taken for a protocol or an option. */
  private static String text(Path path) {
    return path.toAbsolutePath().toString();
  }

  private static void require(String problem, Program.Result result) {
    if (result.exitStatus() != 0) {
      throw FirnException.failed("qemu-img %s: %s", problem, result.reason());
    }
  }

  private static Program.Result run(long diskBytes, Program.Watcher watcher, String... arguments)
      throws IOException {
    requireInstalled();
    List<String> command =
        new ArrayList<>(
            List.of("prlimit", "--as=" + MEMORY_BYTES_MAX, "--core=0", "--", "qemu-img"));
    command.addAll(Arrays.asList(arguments));
    long seconds = Math.min(Integer.MAX_VALUE, SECONDS_MIN + diskBytes / BYTES_PER_SECOND_MIN);
    return Program.result("util-linux", (int) seconds, command, watcher);
  }

  /** Says what is missing before anything is begun. */
  static void requireInstalled() throws IOException {
    Program.run(PACKAGE, SECONDS_MIN, List.of("qemu-img", "--version"));
  }
}
