package dev.firn.daemon;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import java.net.URL;
import java.nio.file.Path;
import org.slf4j.LoggerFactory;

/** Where the daemon's log goes. */
final class DaemonLog {
  private static final String CONFIGURATION = "logback-daemon.xml";

  private DaemonLog() {}

  /** Logs to a directory from now on, which is made when missing; with null to nowhere. */
  static void begin(Path directory) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    if (directory != null && directory.toString().equals(context.getProperty("firn.log"))) {
      return;
    }
    context.reset();
    if (directory == null) {
      return;
    }
    context.putProperty("firn.log", directory.toString());
    URL configuration = DaemonLog.class.getClassLoader().getResource(CONFIGURATION);
    JoranConfigurator configurator = new JoranConfigurator();
    configurator.setContext(context);
    try {
      configurator.doConfigure(configuration);
    } catch (JoranException e) {
      throw new IllegalStateException(CONFIGURATION + " is no configuration of Logback", e);
    }
  }
}
