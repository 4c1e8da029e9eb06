package dev.firn.server;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * One HTTP/1.1 request over a Unix domain socket, and its answer. It does what the API needs and no
 * more, because it decides how fast each command starts: Jetty's client takes 0.45 s to load.
 *
 * <p>For one thread. Write the request, then read the answer, then close.
 */
final class HttpCall implements Closeable {
  private static final int BUFFER_BYTES = 128 << 10;
  private static final int LINE_BYTES_MAX = 64 << 10;

  private final SocketChannel channel;
  private final InputStream input;
  private int status;
  private Map<String, String> headers = Map.of();
  private Map<String, String> trailers = Map.of();

  HttpCall(Path socket) throws IOException {
    channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    try {
      channel.connect(UnixDomainSocketAddress.of(socket));
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    input = new BufferedInputStream(Channels.newInputStream(channel), BUFFER_BYTES);
  }

  /** Sends a whole request. */
  void post(String path, Map<String, String> requestHeaders, byte[] body) throws IOException {
    head(path, requestHeaders, "Content-Length: " + body.length);
    write(ByteBuffer.wrap(body));
    readHead();
  }

  /**
   * Sends a request whose body is as long as {@code body} gives. The server may answer before it
   * has everything; then the rest is not sent.
   */
  void post(String path, Map<String, String> requestHeaders, InputStream body) throws IOException {
    head(path, requestHeaders, "Transfer-Encoding: chunked");
    byte[] buffer = new byte[BUFFER_BYTES];
    while (true) {
      int read = body.readNBytes(buffer, 0, buffer.length);
      String size = Integer.toHexString(read);
      try {
        write(ByteBuffer.wrap((size + "\r\n").getBytes(StandardCharsets.US_ASCII)));
        write(ByteBuffer.wrap(buffer, 0, read));
        write(ByteBuffer.wrap(new byte[] {'\r', '\n'}));
      } catch (IOException e) {
        break; // The server has closed its end; what it said before is still to be read.
      }
      if (read == 0) {
        break;
      }
    }
    readHead();
  }

  int status() {
    return status;
  }

  /** A header of the answer, or null. */
  String header(String name) {
    return headers.get(name);
  }

  /** A header that came after the body, once that has been read to its end, or null. */
  String trailer(String name) {
    return trailers.get(name);
  }

  /**
   * The body. It throws EOFException when it is cut short; without a length it goes on until the
   * server closes the connection, and only its contents can tell.
   */
  InputStream body() {
    if ("chunked".equalsIgnoreCase(headers.get("Transfer-Encoding"))) {
      return new ChunkedBody();
    }
    String length = headers.get("Content-Length");
    return length == null ? input : new FixedBody(Long.parseLong(length));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  private void head(String path, Map<String, String> requestHeaders, String length)
      throws IOException {
    StringBuilder head = new StringBuilder();
    head.append("POST ").append(path).append(" HTTP/1.1\r\nHost: firn\r\n");
    requestHeaders.forEach((name, value) -> head.append(name + ": " + value + "\r\n"));
    head.append(length).append("\r\n\r\n");
    write(ByteBuffer.wrap(head.toString().getBytes(StandardCharsets.US_ASCII)));
  }

  private void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  private void readHead() throws IOException {
    do {
      String[] line = readLine().split(" ", 3);
      if (line.length < 2 || !line[0].startsWith("HTTP/1.") || !line[1].matches("[1-5][0-9]{2}")) {
        throw new IOException("an answer that is not HTTP");
      }
      status = Integer.parseInt(line[1]);
      headers = readFields();
    } while (status < 200); // Such as 100 Continue: the answer proper follows.
  }

  private Map<String, String> readFields() throws IOException {
    Map<String, String> fields = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    for (String line = readLine(); !line.isEmpty(); line = readLine()) {
      int colon = line.indexOf(':');
      if (colon <= 0) {
        throw new IOException("a malformed header in an answer");
      }
      fields.put(line.substring(0, colon), line.substring(colon + 1).trim());
    }
    return fields;
  }

  private String readLine() throws IOException {
    StringBuilder line = new StringBuilder();
    while (true) {
      int next = input.read();
      if (next < 0) {
        throw cutShort();
      }
      if (next == '\n') {
        break;
      }
      if (line.length() == LINE_BYTES_MAX) {
        throw new IOException("an endless line in an answer");
      }
      line.append((char) next);
    }
    int length = line.length();
    if (length > 0 && line.charAt(length - 1) == '\r') {
      line.setLength(length - 1);
    }
    return line.toString();
  }

  private static EOFException cutShort() {
    return new EOFException("the answer was cut short");
  }

  /** A body of a known length. */
  private final class FixedBody extends InputStream {
    private long remaining;

    FixedBody(long length) {
      remaining = length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (remaining == 0) {
        return -1;
      }
      int read = input.read(bytes, offset, (int) Math.min(length, remaining));
      if (read < 0) {
        throw cutShort();
      }
      remaining -= read;
      return read;
    }
  }

  /** A body in chunks, with trailers after the last. */
  private final class ChunkedBody extends InputStream {
    private long remaining;
    private boolean first = true;
    private boolean ended;

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      if (remaining == 0 && !ended) {
        nextChunk();
      }
      if (ended) {
        return -1;
      }
      int read = input.read(bytes, offset, (int) Math.min(length, remaining));
      if (read < 0) {
        throw cutShort();
      }
      remaining -= read;
      return read;
    }

    private void nextChunk() throws IOException {
      if (!first && !readLine().isEmpty()) {
        throw new IOException("a malformed chunk in an answer");
      }
      first = false;
      String size = readLine().toLowerCase(Locale.ROOT);
      if (!size.matches("[0-9a-f]{1,15}")) {
        throw new IOException("a malformed chunk in an answer");
      }
      remaining = Long.parseLong(size, 16);
      if (remaining == 0) {
        ended = true;
        trailers = readFields();
      }
    }
  }
}
