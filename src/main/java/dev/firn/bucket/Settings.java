package dev.firn.bucket;

import dev.firn.base.FirnException;
import java.io.IOException;
import java.io.Reader;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the administrator says of buckets and other Regions, in the file {@code firn.properties} of
 * the home. Read anew for each use, so that changes need no restart. A key that is not known is an
 * error: a word that is written wrongly should not leave something open or shut unseen.
 */
final class Settings {
  static final String FILE = "firn.properties";

  private static final String ENDPOINT = "bucket.endpoint";
  private static final String SIGNED_REGION = "bucket.region";
  private static final String PATH_STYLE = "bucket.path-style";
  private static final String PRIVATE_NETWORKS = "import.private-networks";
  private static final String COPIES_BUCKET = "copies.bucket";
  private static final String COPIES_PREFIX = "copies.prefix";
  private static final String COPIES_KEY = "copies.access-key";
  private static final String COPIES_SECRET = "copies.secret-key";
  private static final Set<String> KEYS =
      Set.of(
          ENDPOINT,
          SIGNED_REGION,
          PATH_STYLE,
          PRIVATE_NETWORKS,
          COPIES_BUCKET,
          COPIES_PREFIX,
          COPIES_KEY,
          COPIES_SECRET);
  private static final Pattern REGION =
      Pattern.compile("region\\.(.+)\\.(endpoint|access-key|secret-key)");
  private static final String DEFAULT_SIGNED_REGION = "us-east-1";

  private final Path file;
  private final Properties values;

  private Settings(Path file, Properties values) {
    this.file = file;
    this.values = values;
  }

  /** FirnException USAGE if a key is not known, NOT_PERMITTED if others may read secrets in it. */
  static Settings read(Path home) throws IOException {
    Path file = home.resolve(FILE);
    Properties values = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      values.load(reader);
    } catch (NoSuchFileException e) {
      return new Settings(file, values);
    } catch (IllegalArgumentException e) {
      throw FirnException.usage("the settings %s cannot be read: %s", file, e.getMessage());
    }
    boolean secret = false;
    for (String key : values.stringPropertyNames()) {
      if (!KEYS.contains(key) && !REGION.matcher(key).matches()) {
        throw FirnException.usage("the settings %s have a key that is not known: %s", file, key);
      }
      secret |= key.endsWith("secret-key");
    }
    if (secret) {
      Set<PosixFilePermission> permissions = new HashSet<>(Files.getPosixFilePermissions(file));
      permissions.removeAll(
          Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE));
      if (!permissions.isEmpty()) {
        throw FirnException.notPermitted(
            "the settings %s have a secret key and may be read by others: chmod 600 it", file);
      }
    }
    return new Settings(file, values);
  }

  /** Where export tasks go. */
  URI bucketEndpoint() {
    return BucketAddress.endpoint(required(ENDPOINT, "exports to buckets"));
  }

  /** The same service for whoever has a key there. */
  BucketAddress bucketAddress(URI endpoint, String keyId, String secretKey) {
    return new BucketAddress(
        endpoint,
        values.getProperty(SIGNED_REGION, DEFAULT_SIGNED_REGION).strip(),
        bool(PATH_STYLE, true),
        keyId,
        secretKey,
        null);
  }

  AddressRules addressRules() {
    List<AddressRules.Network> networks = new ArrayList<>();
    for (String text : values.getProperty(PRIVATE_NETWORKS, "").split("[,\\s]+")) {
      if (!text.isEmpty()) {
        networks.add(AddressRules.Network.of(text));
      }
    }
    return new AddressRules(networks);
  }

  /** The bucket that copies to other Regions go through. */
  String copiesBucket() {
    return required(COPIES_BUCKET, "copies to other Regions");
  }

  String copiesPrefix() {
    return values.getProperty(COPIES_PREFIX, "firn-copies/").strip();
  }

  BucketAddress copiesAddress() {
    String why = "copies to other Regions";
    return bucketAddress(bucketEndpoint(), required(COPIES_KEY, why), required(COPIES_SECRET, why));
  }

  /**
   * Another Region.
   *
   * @param endpoint of its API, as {@code firn serve} prints it
   */
  record OtherRegion(String name, URI endpoint, String accessKeyId, String secretKey) {
    /** Without the secret. */
    @Override
    public String toString() {
      return name + " at " + endpoint;
    }
  }

  /** FirnException NOT_FOUND if it is not configured. */
  OtherRegion region(String name) {
    if (!values.containsKey(regionKey(name, "endpoint"))) {
      throw FirnException.notFound(
          "region '%s' is not known here: say %s, access-key and secret-key in %s%s",
          name, regionKey(name, "endpoint"), file, others());
    }
    String why = "region '" + name + "'";
    return new OtherRegion(
        name,
        BucketAddress.endpoint(required(regionKey(name, "endpoint"), why)),
        required(regionKey(name, "access-key"), why),
        required(regionKey(name, "secret-key"), why));
  }

  private String others() {
    List<String> names = new ArrayList<>();
    for (String key : values.stringPropertyNames()) {
      Matcher matcher = REGION.matcher(key);
      if (matcher.matches() && matcher.group(2).equals("endpoint")) {
        names.add(matcher.group(1));
      }
    }
    names.sort(null);
    return names.isEmpty() ? "" : "; known are " + String.join(", ", names);
  }

  private static String regionKey(String name, String what) {
    return "region." + name + "." + what;
  }

  private boolean bool(String key, boolean otherwise) {
    String text = values.getProperty(key, Boolean.toString(otherwise)).strip();
    if (!text.equals("true") && !text.equals("false")) {
      throw FirnException.usage("%s in %s is true or false, not '%s'", key, file, text);
    }
    return text.equals("true");
  }

  private String required(String key, String why) {
    String text = values.getProperty(key, "").strip();
    if (text.isEmpty()) {
      throw FirnException.failed("%s need %s in %s", why, key, file).because("not-configured");
    }
    return text;
  }
}
