package dev.firn.cli;

import dev.firn.base.Sizes;
import dev.firn.server.ApiClient;
import java.io.PrintStream;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** A progress bar on stderr, if that is a terminal, and nothing otherwise. For one thread. */
final class ProgressDisplay implements ApiClient.Listener, AutoCloseable {
  /** Set by the launcher, because Java cannot ask whether stderr is a terminal. */
  static final String TERMINAL_PROPERTY = "firn.stderr.terminal";

  private static final int UPDATE_MILLIS = 200;

  private final String task;
  private final PrintStream terminal;
  private ProgressBar bar;
  private long lastDone;

  ProgressDisplay(String task) {
    this(task, Boolean.getBoolean(TERMINAL_PROPERTY) ? System.err : null);
  }

  /**
   * @param terminal where the bar is; null: nowhere
   */
  ProgressDisplay(String task, PrintStream terminal) {
    this.task = task;
    this.terminal = terminal;
  }

  /** Whether anybody sees it. */
  boolean isShown() {
    return terminal != null;
  }

  @Override
  public void progress(long done, long total, String unit) {
    if (terminal == null) {
      return;
    }
    if (bar == null) {
      ProgressBarBuilder builder =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(total)
              .setUpdateIntervalMillis(UPDATE_MILLIS)
              .setStyle(ProgressBarStyle.ASCII)
              .setConsumer(new ConsoleProgressBarConsumer(terminal));
      if (unit.equals("bytes")) {
        builder.setUnit(" MiB", Sizes.MIB).showSpeed();
      }
      bar = builder.build();
    }
    if (done < lastDone) {
      // Another step, with a rate of its own.
      bar.reset();
    }
    lastDone = done;
    bar.maxHint(total);
    bar.stepTo(done);
  }

  /** Shows that all is done, if it is known how much that is. */
  void finish() {
    if (bar != null && bar.getMax() > 0) {
      bar.stepTo(bar.getMax());
    }
  }

  /** Ends the bar's line. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
