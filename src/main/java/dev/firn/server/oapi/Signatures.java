package dev.firn.server.oapi;

import dev.firn.region.Accounts;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Verifies signatures of version 4 in the dialects that clients speak: AWS4, whose parts are signed
 * as they were sent, and OSC4, whose clients sign the host with or without its port, and the path
 * with its slashes as they are or put together. Safe for concurrent use.
 *
 * <p>Method, path, host, date and body are always signed, so nothing of a request can be changed or
 * used for another action. All failures are told alike, and take as long, but for those that have
 * nothing to do with secrets: a wrong clock, a wrong Region.
 */
final class Signatures {
  private static final Duration SKEW_MAX = Duration.ofMinutes(5);
  private static final String SERVICE = "api";
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss'Z'", Locale.ROOT).withZone(ZoneOffset.UTC);

  private static final Pattern AUTHORIZATION =
      Pattern.compile(
          "(OSC4|AWS4)-HMAC-SHA256"
              + " +Credential=([A-Za-z0-9]{1,64})/([0-9]{8})/([A-Za-z0-9_.-]{1,64})/([a-z0-9]{1,32})/(osc4|aws4)_request"
              + " *, *SignedHeaders=([a-z0-9;-]{1,1024}) *, *Signature=([0-9a-f]{64})");

  /** Used where there is no such key, so that an unknown one takes as long as a wrong one. */
  private static final String NO_SECRET = "0".repeat(40);

  /** Where secrets are. */
  interface Secrets {
    /** Null if there is no such key. */
    Accounts.Credentials find(String accessKeyId) throws IOException;
  }

  private final Secrets secrets;
  private final String region;
  private final KeyGuard guard;
  private final Clock clock;

  Signatures(Secrets secrets, String region, Clock clock) {
    this.secrets = secrets;
    this.region = region;
    this.guard = new KeyGuard(clock);
    this.clock = clock;
  }

  /**
   * Who signed it.
   *
   * @throws OapiException of NOT_AUTHENTICATED if nobody did who may
   */
  Caller verify(SignedRequest request) throws IOException {
    String header = request.header("authorization");
    if (header == null) {
      throw denied("the request is not signed");
    }
    Matcher parts = AUTHORIZATION.matcher(header.strip());
    if (!parts.matches()) {
      throw denied("the Authorization header is no signature of version 4");
    }
    String dialect = parts.group(1);
    String keyId = parts.group(2);
    String scopeDate = parts.group(3);
    Set<String> signed = new LinkedHashSet<>(List.of(parts.group(7).split(";")));
    if (!parts.group(6).equals(dialect.toLowerCase(Locale.ROOT))) {
      throw denied("algorithm and scope of the signature are of different kinds");
    }
    String date = date(request, signed);
    if (!date.startsWith(scopeDate)) {
      throw denied("the date is not that of the signature's scope");
    }
    Instant time = requireFresh(date, clock.instant());
    requireSigned(signed, "host");
    if (!parts.group(4).equals(region) || !parts.group(5).equals(SERVICE)) {
      throw denied("this is service '%s' of Region '%s'", SERVICE, region);
    }
    guard.requireUnlocked(keyId);

    Accounts.Credentials credentials = secrets.find(keyId);
    byte[] key =
        signingKey(
            dialect,
            credentials == null ? NO_SECRET : credentials.secret(),
            scopeDate,
            parts.group(4));
    String scope =
        String.join(
            "/", scopeDate, parts.group(4), SERVICE, dialect.toLowerCase(Locale.ROOT) + "_request");
    byte[] given = parts.group(8).getBytes(StandardCharsets.US_ASCII);
    boolean matches = false;
    for (String canonical : canonicalForms(request, signed, dialect.equals("OSC4"))) {
      String text = String.join("\n", dialect + "-HMAC-SHA256", date, scope, hash(utf8(canonical)));
      // Not short-circuited: how long it takes says nothing.
      matches |= MessageDigest.isEqual(given, utf8(hex(hmac(key, text))));
    }
    if (!matches || credentials == null || !credentials.key().isUsable(time)) {
      guard.failed(keyId);
      throw denied("the access key or its signature is not valid");
    }
    if (!credentials.key().isUsable(clock.instant())) {
      throw denied("the access key or its signature is not valid");
    }
    guard.succeeded(keyId);
    return new Caller(credentials.key().accountId(), keyId);
  }

  private String date(SignedRequest request, Set<String> signed) {
    for (String name : List.of("x-osc-date", "x-amz-date")) {
      String value = request.header(name);
      if (value != null && signed.contains(name)) {
        return value;
      }
    }
    throw denied("neither X-Osc-Date nor X-Amz-Date is signed");
  }

  /** The time that a date header says; NOT_AUTHENTICATED unless it is nearly now. */
  static Instant requireFresh(String date, Instant now) {
    Instant time;
    try {
      time = DATE.parse(date, Instant::from);
    } catch (DateTimeException e) {
      throw denied("the date is not like 20260131T090500Z");
    }
    if (Duration.between(time, now).abs().compareTo(SKEW_MAX) > 0) {
      throw denied("the date is more than five minutes from the time here: set the clock");
    }
    return time;
  }

  private static void requireSigned(Set<String> signed, String name) {
    if (!signed.contains(name)) {
      throw denied("the header '%s' is not signed", name);
    }
  }

  /** What a client may have signed, given what it sent. */
  private static List<String> canonicalForms(
      SignedRequest request, Set<String> signed, boolean lenient) {
    Set<String> paths = new LinkedHashSet<>(List.of(request.path()));
    Set<Boolean> portKept = new LinkedHashSet<>(List.of(true));
    if (lenient) {
      paths.add(request.path().replaceAll("/{2,}", "/"));
      portKept.add(false);
    }
    List<String> forms = new ArrayList<>();
    for (String path : paths) {
      for (boolean port : portKept) {
        StringBuilder form = new StringBuilder();
        form.append(request.method()).append('\n').append(path).append('\n');
        form.append(request.query() == null ? "" : request.query()).append('\n');
        for (String name : signed) {
          List<String> values = request.headers().apply(name);
          String value =
              values.stream()
                  .map(each -> each.strip().replaceAll(" +", " "))
                  .collect(Collectors.joining(","));
          if (name.equals("host") && !port) {
            value = value.replaceAll(":[0-9]+$", "");
          }
          form.append(name).append(':').append(value).append('\n');
        }
        form.append('\n').append(String.join(";", signed)).append('\n');
        form.append(hash(request.body()));
        forms.add(form.toString());
      }
    }
    return forms;
  }

  private static byte[] signingKey(String dialect, String secret, String date, String region) {
    byte[] ofDate = hmac(utf8(dialect + secret), date);
    byte[] ofService = hmac(hmac(ofDate, region), SERVICE);
    return hmac(ofService, dialect.toLowerCase(Locale.ROOT) + "_request");
  }

  private static byte[] hmac(byte[] key, String text) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(utf8(text));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("HMAC-SHA256 is in every JDK", e);
    }
  }

  static String hash(byte[] bytes) {
    try {
      return hex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("SHA-256 is in every JDK", e);
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static OapiException denied(String format, Object... arguments) {
    return new OapiException(Problem.NOT_AUTHENTICATED, format, arguments);
  }
}
