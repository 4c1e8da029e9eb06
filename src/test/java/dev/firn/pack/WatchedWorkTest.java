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
    CountDownLatch end = new CountDownLatch(1);
    Thread stuck =
        DaemonThreads.named("stuck")
            .newThread(
                () -> {
                  try {
                    end.await();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                });
    stuck.start();
    while (stuck.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }

    AssertionError error =
        assertThrows(
            AssertionError.class,
            () ->
                WatchedWork.run(
                    0,
                    () -> {
                      stuck.join();
                      return null;
                    }));
    end.countDown();

    String message = error.getMessage();
    assertTrue(message.contains("watched,"), message);
    assertTrue(message.contains("stuck,"), message);
    assertTrue(message.contains("CountDownLatch.await("), message);
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
