package dev.firn.base;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LongWorkTest {
  private final AtomicInteger begun = new AtomicInteger();

  @AfterEach
  void listenNoMore() {
    LongWork.listen(null);
  }

  @Test
  void whoListensHearsOfLongWorkInItsOwnThreadOnly() throws InterruptedException {
    LongWork.begins();
    LongWork.listen(begun::incrementAndGet);
    LongWork.begins();
    Thread other = new Thread(LongWork::begins);
    other.start();
    other.join();
    assertEquals(1, begun.get());
    LongWork.listen(null);
    LongWork.begins();
    assertEquals(1, begun.get());
  }
}
