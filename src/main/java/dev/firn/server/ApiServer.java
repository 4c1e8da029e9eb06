package dev.firn.server;

import dev.firn.base.FirnException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.function.Function;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.unixdomain.server.UnixDomainServerConnector;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Serves a table of actions on a Unix domain socket that only its owner can use. Safe for
 * concurrent use.
 */
public final class ApiServer implements Closeable {
  private static final Logger LOG = LoggerFactory.getLogger(ApiServer.class);

  /** sockaddr_un has room for 108 bytes, one of them the closing zero. */
  private static final int SOCKET_PATH_BYTES_MAX = 107;

  private static final int THREADS_MAX = 64;
  private static final int STOP_SECONDS_MAX = 30;

  private final ActiveCalls calls = new ActiveCalls();
  private final Path socket;
  private final Server server;
  private final UnixDomainServerConnector connector;

  private ApiServer(Path socket, Function<String, Actions> actions) {
    this.socket = socket;
    QueuedThreadPool threads = new QueuedThreadPool(THREADS_MAX, 2);
    threads.setName("api");
    server = new Server(threads);
    HttpConfiguration configuration = new HttpConfiguration();
    configuration.setSendServerVersion(false);
    configuration.setSendDateHeader(false);
    connector =
        new UnixDomainServerConnector(
            server, null, null, null, 1, 1, new HttpConnectionFactory(configuration));
    connector.setUnixDomainPath(socket);
    // The other end is on this machine: it is either there or gone, however long an action takes.
    connector.setIdleTimeout(0);
    server.addConnector(connector);
    server.setHandler(new ActionHandler(actions, calls));
  }

  /**
   * Starts to serve. The caller must own the home, because a socket left by a process that died is
   * replaced.
   *
   * @param socket its directory is made, for its owner only, when missing
   * @throws FirnException of kind USAGE if the path is longer than a socket's may be
   */
  public static ApiServer start(Path socket, Actions actions) throws IOException {
    return start(socket, account -> actions);
  }

  /**
   * As the other, with actions for each account.
   *
   * @param actions those of an account, by its id, or of null those of the home's owner; fails with
   *     NOT_FOUND if there is no such account
   */
  public static ApiServer start(Path socket, Function<String, Actions> actions) throws IOException {
    int bytes = socket.toString().getBytes(StandardCharsets.UTF_8).length;
    if (bytes > SOCKET_PATH_BYTES_MAX) {
      throw FirnException.usage(
          "the path of the socket '%s' has %d bytes, and Linux allows %d;"
              + " use a home with a shorter path",
          socket, bytes, SOCKET_PATH_BYTES_MAX);
    }
    Files.createDirectories(
        socket.getParent(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    Files.setPosixFilePermissions(socket.getParent(), PosixFilePermissions.fromString("rwx------"));
    Files.deleteIfExists(socket);
    ApiServer api = new ApiServer(socket, actions);
    try {
      api.server.start();
      Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
    } catch (IOException e) {
      api.close();
      throw e;
    } catch (Exception e) {
      api.close();
      throw new IOException("the socket '" + socket + "' cannot be opened: " + e.getMessage(), e);
    }
    return api;
  }

  /**
   * Takes no more calls, tells long ones to give up, and waits for all to end. Calls that do not
   * end in time are left alone and logged.
   */
  @Override
  public void close() {
    try {
      connector.shutdown();
      Files.deleteIfExists(socket);
      if (calls.stop(STOP_SECONDS_MAX)) {
        server.stop();
      } else {
        LOG.warn("Some calls did not end within {} seconds", STOP_SECONDS_MAX);
      }
    } catch (Exception e) {
      LOG.warn("The socket could not be closed in order", e);
    }
  }
}
