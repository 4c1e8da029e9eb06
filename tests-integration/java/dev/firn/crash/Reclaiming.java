package dev.firn.crash;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.daemon.HomePaths;
import dev.firn.server.ApiClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Asks the daemon to give space back until that is dead; a command would start another one. */
final class Reclaiming {
  private final AtomicInteger runs = new AtomicInteger();
  private final Thread thread;
  private volatile FirnException corrupt;

  Reclaiming(Path home) {
    ApiClient client = new ApiClient(HomePaths.socket(home), false);
    thread = new Thread(() -> runUntilBroken(client), "reclaiming");
    thread.start();
  }

  private void runUntilBroken(ApiClient client) {
    try {
      while (true) {
        client.call("Reclaim", ApiClient.parameters().put("dryRun", false));
        runs.incrementAndGet();
      }
    } catch (FirnException e) {
      corrupt = e.kind() == ErrorKind.CORRUPT ? e : null;
    } catch (IOException e) {
      // The daemon is dead; that is why we are here.
    }
  }

  /** How often it was done. */
  int end() throws InterruptedException {
    thread.join(TimeUnit.SECONDS.toMillis(30));
    assertTrue(!thread.isAlive(), "the reclaiming hangs");
    if (corrupt != null) {
      throw corrupt;
    }
    return runs.get();
  }
}
