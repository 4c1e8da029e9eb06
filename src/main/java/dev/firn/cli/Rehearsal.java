package dev.firn.cli;

import dev.firn.daemon.HomePaths;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Goes through what common commands do, against a socket that only says one thing. The launcher
 * runs it once to make the archive of classes that lets later commands start fast.
 */
final class Rehearsal {
  private static final String ANSWER =
      "{\"volumes\":[{\"id\":\"vol-00000000\",\"name\":\"data\",\"sizeBytes\":4294967296,"
          + "\"state\":\"available\",\"createdAt\":\"2026-01-01T00:00:00.123Z\",\"mountedAt\":[]}]}";

  private Rehearsal() {}

  public static void main(String[] arguments) throws IOException {
    Path home = Files.createTempDirectory("firn");
    Path socket = HomePaths.socket(home);
    Files.createDirectories(socket.getParent());
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(socket));
      Thread answering = new Thread(() -> answer(server), "answering");
      answering.setDaemon(true);
      answering.start();
      for (String format : new String[] {"--debug", "--json"}) {
        run(home, "volume", "list", format);
      }
      run(home, "volume", "create", "data", "--size", "4G");
      run(home, "snapshot", "create", "data", "--name", "first", "--tag", "a=b");
      run(home, "mount", "data", "/", "--show-snapshots");
      run(home, "no-such-command");
    } finally {
      Files.deleteIfExists(socket);
      Files.deleteIfExists(socket.getParent());
      Files.deleteIfExists(home);
    }
  }

  private static void run(Path home, String... arguments) {
    PrintStream nowhere =
        new PrintStream(OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8);
    FirnCommandLine.run(nowhere, nowhere, Map.of("FIRN_HOME", home.toString()), arguments);
  }

  private static void answer(ServerSocketChannel server) {
    String head = "HTTP/1.1 200 OK\r\nContent-Length: " + ANSWER.length() + "\r\n\r\n";
    byte[] answer = (head + ANSWER).getBytes(StandardCharsets.US_ASCII);
    while (server.isOpen()) {
      try (SocketChannel client = server.accept()) {
        // Some only connect, to see whether anybody is there.
        if (client.read(ByteBuffer.allocate(8192)) > 0) {
          client.write(ByteBuffer.wrap(answer));
          client.read(ByteBuffer.allocate(8192));
        }
      } catch (IOException gone) {
        continue;
      }
    }
  }
}
