package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class FrameWriterTest {
  private static final int MEMBER_BYTES = 4 << 20;

  /** Far less than a member takes to compress, and more than a thread that only waits. */
  private static final long WORK_NANOS_MIN = 1_000_000;

  private static Set<Thread> workers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("firn-pack"))
        .collect(Collectors.toSet());
  }

  @Test
  void everyWorkerCompresses() throws IOException {
    Set<Thread> others = workers();
    byte[] noise = Trees.random(new Random(1), MEMBER_BYTES);
    try (FrameWriter writer = new FrameWriter(new ByteArrayOutputStream())) {
      for (int i = 0; i < 2 * Workers.THREADS; i++) {
        byte[] buffer = writer.dataBuffer();
        System.arraycopy(noise, 0, buffer, 0, noise.length);
        writer.submitData(buffer, new int[] {noise.length});
      }
      List<Manifest.Member> members = writer.finish();

      assertEquals(2 * Workers.THREADS, members.size());
      Set<Thread> workers = workers();
      workers.removeAll(others);
      assertEquals(Workers.THREADS, workers.size());
      ThreadMXBean threads = ManagementFactory.getThreadMXBean();
      for (Thread worker : workers) {
        long nanos = threads.getThreadCpuTime(worker.getId());
        assertTrue(nanos > WORK_NANOS_MIN, () -> worker + " worked for " + nanos + " ns");
      }
    }
  }
}
