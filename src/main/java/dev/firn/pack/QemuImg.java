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
import java.util.regex.Pattern;

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

  /** What -p prints, over and over. */
  private static final Pattern PERCENTAGE = Pattern.compile("\\(([0-9.]+)/100%\\)");

  /** Some runs over all of a disk, each of which tells how far it is, as one transfer. */
  private static final class Steps implements Program.Watcher {
    private final ProgressListener listener;
    private final long diskBytes;
    private final int count;
    private int done;
    private volatile double percent;

    Steps(ProgressListener listener, long diskBytes, int count) {
      this.listener = listener;
      this.diskBytes = diskBytes;
      this.count = count;
    }

    void next() {
      done++;
      percent = 0;
    }

    @Override
    public void check() {
      listener.progress((long) ((done + percent / 100) * diskBytes), count * diskBytes);
    }

    @Override
    public void heard(String piece) {
      PERCENTAGE
          .matcher(piece)
          .results()
          .forEach(found -> percent = Double.parseDouble(found.group(1)));
    }
  }

  private QemuImg() {}

  /**
   * Makes an image of a raw disk, and looks whether it is whole and has the same bytes.
   *
   * @param listener hears of the disk's bytes, once as they are converted and once as they are
   *     compared
   */
  static void fromRaw(Path raw, Path image, long diskBytes, ProgressListener listener)
      throws IOException {
    Steps steps = new Steps(listener, diskBytes, 2);
    require(
        "made no image",
        run(steps, "convert", "-p", "-f", "raw", "-O", "qcow2", text(raw), text(image)));
    steps.next();
    require("found damage in what it made", check(image, steps));
    require(
        "finds other bytes in what it made",
        run(steps, "compare", "-p", "-f", "raw", "-F", "qcow2", text(raw), text(image)));
  }

  /**
   * Writes an image's disk into a file of that size, all of which is a hole, and looks whether the
   * file has the same bytes then.
   *
   * @param source what to call the image in messages
   * @param listener hears of the disk's bytes, once as they are converted and once as they are
   *     compared
   * @throws FirnException of kind CORRUPT if the image is damaged
   * @throws IOException if the file's disk is full, with the system's words
   */
  static void toRaw(Path image, Path raw, long diskBytes, String source, ProgressListener listener)
      throws IOException {
    Steps steps = new Steps(listener, diskBytes, 2);
    Program.Result checked = check(image, steps);
    if (checked.exitStatus() != 0 && checked.exitStatus() != LEAKS_FOUND) {
      throw FirnException.corrupt("%s is damaged: %s", source, checked.reason());
    }
    Program.Result converted =
        run(steps, "convert", "-p", "-n", "--target-is-zero", "-O", "raw", alone(image), text(raw));
    String problem = "cannot convert " + source;
    if (converted.exitStatus() != 0 && DiskErrors.saysFull(converted.reason())) {
      throw new IOException("qemu-img " + problem + ": " + converted.reason());
    }
    require(problem, converted);
    steps.next();
    // It does not look whether what it wrote could be stored.
    require(
        "finds other bytes in what it made of " + source,
        run(steps, "compare", "-p", "-F", "raw", alone(image), text(raw)));
  }

  private static Program.Result check(Path image, Steps steps) throws IOException {
    return run(steps, "check", "-f", "qcow2", text(image));
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

  private static Program.Result run(Steps steps, String... arguments) throws IOException {
    requireInstalled();
    List<String> command =
        new ArrayList<>(
            List.of("prlimit", "--as=" + MEMORY_BYTES_MAX, "--core=0", "--", "qemu-img"));
    command.addAll(Arrays.asList(arguments));
    long seconds =
        Math.min(Integer.MAX_VALUE, SECONDS_MIN + steps.diskBytes / BYTES_PER_SECOND_MIN);
    return Program.result("util-linux", (int) seconds, command, steps);
  }

  /** Says what is missing before anything is begun. */
  static void requireInstalled() throws IOException {
    Program.run(PACKAGE, SECONDS_MIN, List.of("qemu-img", "--version"));
  }
}
