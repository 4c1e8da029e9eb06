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
 * machine may ever have, and uses them when all have an entry. Each processor that this process may
 * run on has a {@link RingServer}; the queues of others are shared out.
 */
final class Rings {
  /** Requests of one queue under way; those that may sleep do not count. */
  private static final int DEPTH = 8;

  private static final Path POSSIBLE = Path.of("/sys/devices/system/cpu/possible");
  private static final Path OWN_STATUS = Path.of("/proc/thread-self/status");
  private static final String ALLOWED = "Cpus_allowed_list:";

  private final List<RingServer> servers = new ArrayList<>();
  private final int queueCount;

  private Rings(int queueCount) {
    this.queueCount = queueCount;
  }

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
   * @param payloadBytes of the requests of each server; the kernel refuses less than it needs
   */
  static Rings open(
      Session session,
      Dispatcher dispatcher,
      Path directory,
      Device device,
      IntUnaryOperator payloadBytes)
      throws IOException {
    List<Integer> possible = list(Files.readString(POSSIBLE, StandardCharsets.US_ASCII).strip());
    List<Integer> usable = new ArrayList<>(possible);
    usable.retainAll(allowed());
    if (usable.isEmpty()) {
      usable = possible;
    }
    Rings rings = new Rings(possible.size());
    ServiceTimes serviceTimes = new ServiceTimes();
    boolean opened = false;
    try {
      for (int i = 0; i < usable.size(); i++) {
        int processor = usable.get(i);
        rings.servers.add(
            new RingServer(
                session,
                dispatcher,
                serviceTimes,
                "fuse-" + directory.getFileName() + "-ring-" + processor,
                device.fd(),
                processor,
                queuesOf(processor, i, usable, possible.size()),
                payloadBytes.applyAsInt(i)));
      }
      opened = true;
      return rings;
    } finally {
      if (!opened) {
        rings.servers.forEach(RingServer::close);
      }
    }
  }

  /** The processor's own, and a part of those whose processors are not usable. */
  private static int[] queuesOf(int processor, int index, List<Integer> usable, int queueCount) {
    List<Integer> queues = new ArrayList<>();
    for (int queue = 0; queue < queueCount; queue++) {
      boolean own = usable.contains(queue) ? queue == processor : queue % usable.size() == index;
      if (own) {
        queues.add(queue);
      }
    }
    return queues.stream().mapToInt(Integer::intValue).toArray();
  }

  private static List<Integer> allowed() throws IOException {
    for (String line : Files.readAllLines(OWN_STATUS, StandardCharsets.ISO_8859_1)) {
      if (line.startsWith(ALLOWED)) {
        return list(line.substring(ALLOWED.length()).strip());
      }
    }
    return List.of();
  }

  /** As in "0-3,8". */
  static List<Integer> list(String text) {
    List<Integer> numbers = new ArrayList<>();
    for (String range : text.split(",")) {
      String[] ends = range.split("-");
      int last = Integer.parseInt(ends[ends.length - 1]);
      for (int number = Integer.parseInt(ends[0]); number <= last; number++) {
        numbers.add(number);
      }
    }
    return numbers;
  }

  List<RingServer> servers() {
    return servers;
  }

  /**
   * Gives the kernel the entries; after INIT was answered. From the first entry of the last queue
   * on it sends no request over /dev/fuse. Before that, a refusal makes it do just that.
   *
   * @return null, or why there will be no requests
   * @throws IOException if some come over rings, and others nowhere
   */
  String register() throws IOException {
    for (int i = 0; i < servers.size(); i++) {
      RingServer server = servers.get(i);
      int registered = awaited(server.start(DEPTH));
      if (registered == 0 || registered < server.queueCount() * DEPTH && i < servers.size() - 1) {
        return "the kernel refused the memory for requests";
      }
      if (registered < server.queueCount() * DEPTH) {
        throw new IOException("the kernel refused a part of the memory for requests");
      }
    }
    return null;
  }

  private static <T> T awaited(CompletableFuture<T> future) throws IOException {
    try {
      return future.get();
    } catch (InterruptedException | ExecutionException e) {
      throw new IOException("a ring's thread did not come to its end", e);
    }
  }

  /** Ends threads that are still there, and frees everything. */
  void close() throws IOException {
    servers.forEach(RingServer::dismiss);
    for (RingServer server : servers) {
      awaited(server.done());
      server.close();
    }
  }

  @Override
  public String toString() {
    return "io_uring with " + queueCount + " queues of " + DEPTH;
  }
}
