package dev.firn.cli;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.FirnException;
import dev.firn.server.ApiClient;
import java.io.IOException;

/** Waits for exports to buckets. */
final class TaskWaiting {
  private static final long POLL_MILLIS_MIN = 50;
  private static final long POLL_MILLIS_MAX = 1_000;

  private TaskWaiting() {}

  /** Answers the completed task; fails with what it says if it is not completed. */
  static JsonNode awaitEnd(Session session, String id) throws IOException {
    try (ProgressDisplay progress = new ProgressDisplay("Exporting")) {
      long pauseMillis = POLL_MILLIS_MIN;
      while (true) {
        JsonNode task = session.call("ReadExportTask", ApiClient.parameters().put("task", id));
        String state = Text.of(task, "state");
        if (state.equals("completed")) {
          return task;
        }
        if (!state.equals("pending") && !state.equals("active")) {
          String comment = Text.of(task, "comment");
          throw FirnException.failed(
              "task %s is %s%s", id, state, comment == null ? "" : ": " + comment);
        }
        progress.progress(task.path("progress").asLong(), 100, "%");
        Thread.sleep(pauseMillis);
        pauseMillis = Math.min(POLL_MILLIS_MAX, pauseMillis * 3 / 2);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw FirnException.failed("interrupted; task %s goes on", id);
    }
  }
}
