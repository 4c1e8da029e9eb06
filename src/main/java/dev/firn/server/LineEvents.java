package dev.firn.server;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;

/** Events as lines of JSON. Items are buffered; progress and the last line go out at once. */
final class LineEvents implements Events, AutoCloseable {
  private static final long PROGRESS_INTERVAL_NANOS = 100_000_000;
  private static final int BUFFER_BYTES = 32 << 10;

  private final OutputStream output;
  private final Runnable check;
  private boolean started;
  private long nextProgressNanos = System.nanoTime();

  /**
   * @param check throws when the work shall end early
   */
  LineEvents(OutputStream output, Runnable check) {
    this.output = new BufferedOutputStream(output, BUFFER_BYTES);
    this.check = check;
  }

  @Override
  public synchronized void progress(long done, long total, String unit) throws IOException {
    check.run();
    long now = System.nanoTime();
    if (now - nextProgressNanos < 0 && done != total) {
      return;
    }
    nextProgressNanos = now + PROGRESS_INTERVAL_NANOS;
    Map<String, Object> progress = new LinkedHashMap<>();
    progress.put("done", done);
    progress.put("total", total);
    progress.put("unit", unit);
    write(Map.of("progress", progress));
    output.flush();
  }

  @Override
  public synchronized void item(Map<String, ?> item) throws IOException {
    check.run();
    write(Map.of("item", item));
  }

  /** Whether anything has been told, so that a failure must follow as a line. */
  synchronized boolean started() {
    return started;
  }

  /** Tells the result or the error. */
  synchronized void last(Map<String, Object> line) throws IOException {
    write(line);
    output.flush();
  }

  /** Ends the answer if it was begun. */
  @Override
  public synchronized void close() throws IOException {
    if (started) {
      output.close();
    }
  }

  private void write(Map<String, ?> line) throws IOException {
    started = true;
    output.write(Json.MAPPER.writeValueAsBytes(line));
    output.write('\n');
  }
}
