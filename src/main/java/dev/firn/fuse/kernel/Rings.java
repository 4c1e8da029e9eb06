package dev.firn.fuse.kernel;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.IntUnaryOperator;

/**
 * The rings that a mount's requests come over. The kernel has a queue for each processor that the
 * machine may ever have, and uses them when all have an entry.
 */
final class Rings {
  private static final Path POSSIBLE = Path.of("/sys/devices/system/cpu/possible");

  private final List<RingQueue> queues = new ArrayList<>();

  private Rings() {}

  /** Opens the rings of a mount; throws an IOException that says why there are none. */
  interface Opener {
    Rings open(Session session, Dispatcher dispatcher, Path directory, Device device)
        throws IOException;
  }

  static Rings open(Session session, Dispatcher dispatcher, Path directory, Device device)
      throws IOException {
    return open(session, dispatcher, directory, device, i -> Negotiation.PAYLOAD_BYTES_MAX);
  }

  /**
   * @param payloadBytes of the requests of each queue; the kernel refuses less than it needs
   */
  static Rings open(
      Session session,
      Dispatcher dispatcher,
      Path directory,
      Device device,
      IntUnaryOperator payloadBytes)
      throws IOException {
    Rings rings = new Rings();
    ServiceTimes serviceTimes = new ServiceTimes();
    boolean opened = false;
    try {
      for (int queue = 0; queue < queueCount(); queue++) {
        rings.queues.add(
            new RingQueue(
                session,
                dispatcher,
                serviceTimes,
                "fuse-" + directory.getFileName() + "-ring-" + queue,
                device.fd(),
                queue,
                payloadBytes.applyAsInt(queue)));
      }
      BusyWait.SHARED.start();
      opened = true;
      return rings;
    } finally {
      if (!opened) {
        rings.close();
      }
    }
  }

  private static int queueCount() throws IOException {
    return count(Files.readString(POSSIBLE, StandardCharsets.US_ASCII).strip());
  }

  /** How many numbers there are in such as "0-3,8". */
  static int count(String ranges) {
    int count = 0;
    for (String range : ranges.split(",")) {
      String[] ends = range.split("-");
      count += Integer.parseInt(ends[ends.length - 1]) - Integer.parseInt(ends[0]) + 1;
    }
    return count;
  }

  /**
   * Gives the kernel the entries; after INIT was answered. From the entry of the last queue on it
   * sends no request over /dev/fuse. Before that, a refusal makes it do just that.
   *
   * @return whether requests will come over the rings; if not, {@link #close} comes next
   */
  boolean register() throws IOException {
    boolean registered = false;
    try {
      for (RingQueue queue : queues) {
        if (!queue.register()) {
          return false;
        }
      }
      registered = true;
      return true;
    } finally {
      for (RingQueue queue : queues) {
        queue.open(registered);
      }
    }
  }

  static <T> T awaited(CompletableFuture<T> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException("a ring's thread did not come to its end", e);
    }
  }

  /** Frees everything, when the workers have ended. */
  void close() {
    queues.forEach(RingQueue::close);
  }

  @Override
  public String toString() {
    return "io_uring with " + queues.size() + " queues";
  }
}
