package dev.firn.pack;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.DaemonThreads;
import java.io.IOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class WatchedWorkTest {
  private static final int BYTES = 32 << 20;

  @Test
  void countsWhatOtherThreadsTake() throws Exception {
    ExecutorService other = Executors.newSingleThreadExecutor(DaemonThreads.named("other"));
    try {
      long bytes =
          WatchedWork.run(
              60,
              () -> {
                assertEquals(BYTES, other.submit(() -> new byte[BYTES].length).get());
                return null;
              });
      assertTrue(bytes >= BYTES, () -> "just " + bytes);
    } finally {
      other.shutdown();
    }
  }

  @Test
  void saysWhatThreadsAreAtWhenItTakesTooLong() {
    CountDownLatch never = new CountDownLatch(1);
    AssertionError error =
        assertThrows(
            AssertionError.class,
            () ->
                WatchedWork.run(
                    0,
                    () -> {
                      never.await();
                      return null;
                    }));
    never.countDown();
    assertTrue(error.getMessage().contains("watched,5,"), error.getMessage());
    assertTrue(error.getMessage().contains("CountDownLatch.await("), error.getMessage());
  }

  @Test
  void throwsWhatTheWorkThrows() {
    IOException thrown =
        assertThrows(
            IOException.class,
            () ->
                WatchedWork.run(
                    60,
                    () -> {
                      throw new IOException("this");
                    }));
    assertEquals("this", thrown.getMessage());
  }
}
