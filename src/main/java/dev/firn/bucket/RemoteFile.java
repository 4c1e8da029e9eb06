package dev.firn.bucket;

import dev.firn.base.FirnException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hc.client5.http.DnsResolver;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.io.SocketConfig;
import org.apache.hc.core5.util.Timeout;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bytes behind a URL of HTTP, read by ranges: a connection that breaks is made again, and goes
 * on where it was, as long as something comes in between. All ranges are of one object: its length
 * and entity tag must stay what they were in the first answer. For one thread.
 *
 * <p>Whoever gives the URL is not trusted: see {@link AddressRules}. Redirects are followed by
 * hand, so that each is checked; from HTTPS there is none to HTTP. Messages never have the URL's
 * query, which may be a signature.
 */
public final class RemoteFile extends InputStream {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteFile.class);
  private static final long RANGE_BYTES = 64 << 20;
  private static final int REDIRECTS_MAX = 5;
  private static final int ATTEMPTS_MAX = 8;
  private static final long FIRST_PAUSE_MILLIS = 100;
  private static final long PAUSE_MILLIS_MAX = 10_000;
  private static final int CONNECT_SECONDS_MAX = 10;
  private static final int SILENT_SECONDS_MAX = 30;
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final Set<Integer> PASSING = Set.of(408, 425, 429, 500, 502, 503, 504);
  private static final Pattern CONTENT_RANGE =
      Pattern.compile("bytes ([0-9]{1,18})-([0-9]{1,18})/([0-9]{1,18})");

  private final URI location;
  private final AddressRules rules;
  private final long bytesMax;

  /** Throws when nobody wants the bytes any more. */
  private final Runnable wanted;

  private final CloseableHttpClient client;

  private Answer answer;
  private InputStream body;
  private long offset;

  /** -1 until the first answer. */
  private long lengthBytes = -1;

  private String entityTag;

  /** How often it was tried without a byte in between. */
  private int attempts;

  private RemoteFile(URI location, AddressRules rules, long bytesMax, Runnable wanted) {
    this.location = location;
    this.rules = rules;
    this.bytesMax = bytesMax;
    this.wanted = wanted;
    DnsResolver resolver =
        new DnsResolver() {
          @Override
          public InetAddress[] resolve(String host) throws UnknownHostException {
            return rules.check(host, InetAddress.getAllByName(host));
          }

          @Override
          public String resolveCanonicalHostname(String host) {
            return host;
          }
        };
    client =
        HttpClients.custom()
            .disableRedirectHandling()
            .disableCookieManagement()
            .disableAutomaticRetries()
            .disableContentCompression()
            .disableAuthCaching()
            .setUserAgent("firn")
            .setDefaultRequestConfig(
                RequestConfig.custom()
                    .setResponseTimeout(Timeout.ofSeconds(SILENT_SECONDS_MAX))
                    .build())
            .setConnectionManager(
                PoolingHttpClientConnectionManagerBuilder.create()
                    .setDnsResolver(resolver)
                    .setDefaultSocketConfig(
                        SocketConfig.custom()
                            .setSoTimeout(Timeout.ofSeconds(SILENT_SECONDS_MAX))
                            .build())
                    .setDefaultConnectionConfig(
                        ConnectionConfig.custom()
                            .setConnectTimeout(Timeout.ofSeconds(CONNECT_SECONDS_MAX))
                            .build())
                    .build())
            .build();
  }

  /**
   * Asks for the first range.
   *
   * @param bytesMax how long it may be
   * @param wanted is asked between attempts whether to go on; throws when not
   * @throws FirnException of kind USAGE if the URL is none of HTTP, NOT_PERMITTED if it leads where
   *     it must not, NO_SPACE if what is there is longer, NOT_FOUND if nothing is
   */
  static RemoteFile open(String url, AddressRules rules, long bytesMax, Runnable wanted)
      throws IOException {
    RemoteFile file = new RemoteFile(parse(url), rules, bytesMax, wanted);
    boolean done = false;
    try {
      file.connect();
      done = true;
      return file;
    } finally {
      if (!done) {
        file.close();
      }
    }
  }

  /** As the other, to its end. */
  static RemoteFile open(String url, AddressRules rules, long bytesMax) throws IOException {
    return open(url, rules, bytesMax, () -> {});
  }

  /** As the other, from wherever: for a user who fetches something for himself. */
  public static RemoteFile open(String url) throws IOException {
    return open(url, AddressRules.NONE, Long.MAX_VALUE);
  }

  /** Whether a text is a URL that this can open. */
  public static boolean isUrl(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    return lower.startsWith("http://") || lower.startsWith("https://");
  }

  /** FirnException USAGE if it is no URL of HTTP. */
  static URI parse(String url) {
    try {
      URI uri = new URI(url);
      if (isUrl(url) && uri.getHost() != null && uri.getUserInfo() == null) {
        return uri;
      }
    } catch (URISyntaxException e) {
      // Told below, without the URL.
    }
    throw FirnException.usage("the location is no URL that begins with http:// or https://");
  }

  /** How many bytes there are. */
  public long lengthBytes() {
    return lengthBytes;
  }

  /** How many were read. */
  long offsetBytes() {
    return offset;
  }

  /** What to call it in messages: the URL without its query. */
  public String name() {
    return name(location);
  }

  private static String name(URI uri) {
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    return uri.getScheme() + "://" + uri.getHost() + port + uri.getRawPath();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] target, int start, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (offset < lengthBytes) {
      try {
        if (body == null) {
          connect();
        }
        int count = body.read(target, start, (int) Math.min(length, lengthBytes - offset));
        if (count > 0) {
          offset += count;
          attempts = 0;
          return count;
        }
        // The range is over, or the connection ended in order but too soon.
        disconnect();
        if (offset % RANGE_BYTES != 0) {
          pause(new IOException("the connection ended too soon"));
        }
      } catch (IOException e) {
        disconnect();
        pause(e);
      }
    }
    return -1;
  }

  @Override
  public void close() throws IOException {
    disconnect();
    client.close();
  }

  private void disconnect() {
    if (answer != null) {
      answer.close();
      answer = null;
      body = null;
    }
  }

  /** What was sent, and what came of it. */
  private record Answer(HttpGet request, ClassicHttpResponse response) {
    int status() {
      return response.getCode();
    }

    String header(String name) {
      Header header = response.getFirstHeader(name);
      return header == null ? null : header.getValue();
    }

    /** Ends the connection; without that the rest of the range would be read to keep it. */
    void close() {
      request.cancel();
      try {
        response.close();
      } catch (IOException e) {
        LOG.debug("A connection was not closed in order", e);
      }
    }
  }

  private void connect() throws IOException {
    while (answer == null) {
      try {
        request();
      } catch (IOException e) {
        disconnect();
        pause(e);
      }
    }
  }

  /** Waits for the next attempt; fails when there were enough. */
  private void pause(IOException failure) throws IOException {
    attempts++;
    if (attempts >= ATTEMPTS_MAX) {
      throw FirnException.failed(
          "%s cannot be read (%d of %s bytes were, after %d attempts): %s",
          name(),
          offset,
          lengthBytes < 0 ? "?" : Long.toString(lengthBytes),
          attempts,
          reason(failure));
    }
    LOG.info("{} is tried again at byte {}: {}", name(), offset, reason(failure));
    long left = Math.min(PAUSE_MILLIS_MAX, FIRST_PAUSE_MILLIS << attempts);
    for (wanted.run(); left > 0; left -= FIRST_PAUSE_MILLIS) {
      RegionClient.pause(FIRST_PAUSE_MILLIS);
      wanted.run();
    }
  }

  private void request() throws IOException {
    URI target = location;
    for (int redirects = 0; ; redirects++) {
      Answer got = send(target);
      if (!REDIRECTS.contains(got.status())) {
        accept(got);
        return;
      }
      String next = got.header(HttpHeaders.LOCATION);
      got.close();
      if (next == null || redirects == REDIRECTS_MAX) {
        throw FirnException.failed("%s leads from one place to the next without an end", name());
      }
      URI to;
      try {
        to = target.resolve(next);
      } catch (IllegalArgumentException e) {
        throw FirnException.failed("%s leads to something that is no URL", name());
      }
      if (to.getHost() == null
          || !isUrl(to.toString())
          || target.getScheme().equalsIgnoreCase("https")
              && !to.getScheme().equalsIgnoreCase("https")) {
        throw FirnException.notPermitted(
            "%s leads to another kind of URL, which is not followed", name());
      }
      target = to;
    }
  }

  private Answer send(URI target) throws IOException {
    HttpGet get = new HttpGet(target);
    long end = offset - offset % RANGE_BYTES + RANGE_BYTES - 1;
    get.setHeader(HttpHeaders.RANGE, "bytes=" + offset + "-" + end);
    // What is sent shall be what is stored: no coding on the way.
    get.setHeader(HttpHeaders.ACCEPT_ENCODING, "identity");
    if (entityTag != null && !entityTag.startsWith("W/")) {
      get.setHeader(HttpHeaders.IF_MATCH, entityTag);
    }
    try {
      return new Answer(get, client.executeOpen(null, get, null));
    } catch (IllegalArgumentException e) {
      throw FirnException.usage("the location is no URL that can be asked for");
    }
  }

  private void accept(Answer got) throws IOException {
    boolean taken = false;
    try {
      int status = got.status();
      if (PASSING.contains(status)) {
        throw new IOException("HTTP status " + status);
      }
      if (status == 412) {
        throw changed();
      }
      if (status == 416 && offset == 0) {
        throw FirnException.corrupt("%s is empty", name());
      }
      if (status != 200 && status != 206) {
        throw status == 404
            ? FirnException.notFound("there is nothing at %s (HTTP status 404)", name())
            : FirnException.failed(
                "%s cannot be read: HTTP status %d; is the URL right, and not expired?",
                name(), status);
      }
      long length =
          status == 206 ? rangeLength(got) : got.response().getEntity().getContentLength();
      if (length < 0) {
        throw FirnException.failed("%s does not say how long it is", name());
      }
      checkSame(got, length);
      InputStream content = got.response().getEntity().getContent();
      if (status == 200) {
        // It knows no ranges: what was read before comes once more.
        content.skipNBytes(offset);
      }
      answer = got;
      body = content;
      taken = true;
    } finally {
      if (!taken) {
        got.close();
      }
    }
  }

  private long rangeLength(Answer got) {
    String header = got.header(HttpHeaders.CONTENT_RANGE);
    Matcher range = CONTENT_RANGE.matcher(header == null ? "" : header);
    if (!range.matches() || Long.parseLong(range.group(1)) != offset) {
      throw FirnException.failed("%s answers another range than was asked for", name());
    }
    return Long.parseLong(range.group(3));
  }

  private void checkSame(Answer got, long length) {
    String tag = got.header(HttpHeaders.ETAG);
    if (lengthBytes < 0) {
      if (length > bytesMax) {
        throw FirnException.noSpace(
            "%s has %d bytes, and may have %d at most", name(), length, bytesMax);
      }
      lengthBytes = length;
      entityTag = tag;
    } else if (length != lengthBytes || !java.util.Objects.equals(tag, entityTag)) {
      throw changed();
    }
  }

  private FirnException changed() {
    return FirnException.failed("%s has changed while it was read: try again", name());
  }

  private static String reason(IOException failure) {
    return failure instanceof UnknownHostException
        ? "its host is not known"
        : failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
  }
}
