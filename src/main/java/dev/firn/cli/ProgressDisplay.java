package dev.firn.cli;

import dev.firn.base.Sizes;
import dev.firn.server.ApiClient;
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
  private final boolean terminal = Boolean.getBoolean(TERMINAL_PROPERTY);
  private ProgressBar bar;

  ProgressDisplay(String task) {
    this.task = task;
  }

  @Override
  public void progress(long done, long total, String unit) {
    if (!terminal) {
      return;
    }
    if (bar == null) {
      ProgressBarBuilder builder =
          new ProgressBarBuilder()
              .setTaskName(task)
              .setInitialMax(total)
              .setUpdateIntervalMillis(UPDATE_MILLIS)
              .setStyle(ProgressBarStyle.ASCII)
              .setConsumer(new ConsoleProgressBarConsumer(System.err));
      if (unit.equals("bytes")) {
        builder.setUnit(" MiB", Sizes.MIB).showSpeed();
      }
      bar = builder.build();
    }
    bar.maxHint(total);
    bar.stepTo(done);
  }

  /** Ends the bar's line. */
  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
