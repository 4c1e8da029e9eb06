package dev.firn.pack;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.MapperFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.firn.base.FirnException;
import dev.firn.base.Sizes;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotNames;
import dev.firn.vfs.VolumeKind;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a package is, its first member. Up to version 2 it is the table of contents as well; since
 * then that is the last one, {@link Contents}.
 *
 * @param base null: the package is full
 * @param signedBy the fingerprint of the key that {@code manifest.sig} is by; null: not signed
 * @param counts null until the contents are known
 * @param members in the order of the file; null until the contents are known
 */
@JsonPropertyOrder({
  "format",
  "formatVersion",
  "base",
  "signedBy",
  "snapshot",
  "volume",
  "counts",
  "members"
})
record Manifest(
    @JsonProperty(required = true) String format,
    @JsonProperty(required = true) int formatVersion,
    @JsonProperty(required = true) BasePart base,
    @JsonInclude(JsonInclude.Include.NON_NULL) String signedBy,
    @JsonProperty(required = true) SnapshotPart snapshot,
    @JsonProperty(required = true) VolumePart volume,
    @JsonInclude(JsonInclude.Include.NON_NULL) Counts counts,
    @JsonInclude(JsonInclude.Include.NON_NULL) List<Member> members) {

  /**
   * @param name null: none
   * @param createdAt as ISO 8601, in UTC
   */
  @JsonPropertyOrder({"id", "name", "description", "createdAt", "tags"})
  record SnapshotPart(
      @JsonProperty(required = true) String id,
      @JsonProperty(required = true) String name,
      @JsonProperty(required = true) String description,
      @JsonProperty(required = true) String createdAt,
      @JsonProperty(required = true) Map<String, String> tags) {}

  /**
   * The snapshot that an incremental package needs, by what its own package says of it.
   *
   * @param name null: none
   * @param volume the name of its volume; null: none
   */
  @JsonPropertyOrder({"id", "name", "volume", "createdAt"})
  record BasePart(
      @JsonProperty(required = true) String id,
      @JsonProperty(required = true) String name,
      @JsonProperty(required = true) String volume,
      @JsonProperty(required = true) String createdAt) {

    /** Whether a package is of this snapshot. */
    boolean isSnapshot(Manifest manifest) {
      return id.equals(manifest.snapshot.id())
          && time()
              .truncatedTo(ChronoUnit.MILLIS)
              .equals(manifest.createdAt().truncatedTo(ChronoUnit.MILLIS));
    }

    Instant time() {
      return Instant.parse(createdAt);
    }

    /** In messages. */
    String shown() {
      String called =
          name == null ? "" : " ('" + (volume == null ? "" : volume + "@") + name + "')";
      return SnapshotNames.printable("snapshot " + id + called + " of " + createdAt);
    }
  }

  /**
   * The volume it was taken of.
   *
   * @param kind left out where it is {@code filesystem}, as in packages that know no other
   */
  @JsonPropertyOrder({"name", "sizeBytes", "kind"})
  record VolumePart(
      String name,
      @JsonProperty(required = true) long sizeBytes,
      @JsonInclude(JsonInclude.Include.NON_NULL) String kind) {

    /** Of a volume with files. */
    VolumePart(String name, long sizeBytes) {
      this(name, sizeBytes, null);
    }

    static VolumePart of(String name, long sizeBytes, VolumeKind kind) {
      return new VolumePart(name, sizeBytes, kind == VolumeKind.FILESYSTEM ? null : kind.text());
    }

    /** With or without a kind; as strict about all else as records are. */
    @JsonCreator(mode = JsonCreator.Mode.DELEGATING)
    static VolumePart of(Map<String, Object> fields) {
      Map<String, Object> rest = new TreeMap<>(fields);
      Object name = rest.remove("name");
      Object size = rest.remove("sizeBytes");
      Object kind = rest.remove("kind");
      boolean whole = size instanceof Integer || size instanceof Long;
      if (!rest.isEmpty()
          || !fields.containsKey("name")
          || !(name == null || name instanceof String)
          || !whole
          || fields.containsKey("kind") && !VolumeKind.BLOCK.text().equals(kind)) {
        throw new IllegalArgumentException("its volume cannot be understood");
      }
      return new VolumePart((String) name, ((Number) size).longValue(), (String) kind);
    }

    VolumeKind volumeKind() {
      return kind == null ? VolumeKind.FILESYSTEM : VolumeKind.of(kind);
    }
  }

  /**
   * @param hardLinks names beyond each inode's first
   * @param others fifos, sockets and device nodes
   * @param logicalBytes the files' lengths together, as {@link #addLength} adds them
   * @param dataBytes what of them is no hole: the raw bytes of the data members
   */
  @JsonPropertyOrder({
    "directories",
    "files",
    "symbolicLinks",
    "others",
    "hardLinks",
    "logicalBytes",
    "dataBytes"
  })
  record Counts(
      @JsonProperty(required = true) long directories,
      @JsonProperty(required = true) long files,
      @JsonProperty(required = true) long symbolicLinks,
      @JsonProperty(required = true) long others,
      @JsonProperty(required = true) long hardLinks,
      @JsonProperty(required = true) long logicalBytes,
      @JsonProperty(required = true) long dataBytes) {

    /** Two sparse files may be longer together than can be counted: then it stays at 2^63 - 1. */
    static long addLength(long logicalBytes, long sizeBytes) {
      return logicalBytes + Math.min(sizeBytes, Long.MAX_VALUE - logicalBytes);
    }
  }

  /**
   * @param bytes as stored
   * @param rawBytes decompressed
   * @param sha256 of what is stored, in lower-case hexadecimal digits
   */
  @JsonPropertyOrder({"name", "bytes", "rawBytes", "sha256"})
  record Member(
      @JsonProperty(required = true) String name,
      @JsonProperty(required = true) long bytes,
      @JsonProperty(required = true) long rawBytes,
      @JsonProperty(required = true) String sha256) {

    boolean isTree() {
      return name.startsWith(PackageLayout.TREE_PREFIX);
    }
  }

  private static final ObjectMapper MAPPER =
      JsonMapper.builder(
              JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS)
          .build();

  private static final int TREE_RECORD_BYTES_MIN = 24;
  private static final int BASE_CHARACTERS_MAX = 1024;

  /** What there is to say of the snapshot, before its tree is known. */
  static SnapshotPart snapshotPart(Snapshot snapshot) {
    return new SnapshotPart(
        snapshot.originId(),
        snapshot.name(),
        snapshot.description(),
        snapshot.createdAt().toString(),
        new TreeMap<>(snapshot.tags()));
  }

  static VolumePart volumePart(Snapshot snapshot) {
    return VolumePart.of(volumeName(snapshot), snapshot.sizeBytes(), snapshot.kind());
  }

  static BasePart basePart(Snapshot snapshot) {
    return new BasePart(
        snapshot.originId(),
        snapshot.name(),
        volumeName(snapshot),
        snapshot.createdAt().toString());
  }

  /** A snapshot that was made of an archive has none. */
  private static String volumeName(Snapshot snapshot) {
    return snapshot.volumeName().isEmpty() ? null : snapshot.volumeName();
  }

  /**
   * Of a package whose contents follow.
   *
   * @param base null: the package is full
   * @param signedBy null: it is not signed
   */
  static Manifest of(BasePart base, String signedBy, SnapshotPart snapshot, VolumePart volume) {
    return new Manifest(
        PackageLayout.FORMAT,
        PackageLayout.FORMAT_VERSION,
        base,
        signedBy,
        snapshot,
        volume,
        null,
        null);
  }

  /** Whether the contents stand behind what they list. */
  boolean contentsFollow() {
    return formatVersion >= PackageLayout.FORMAT_VERSION_STREAMED;
  }

  /** With its contents; CORRUPT if they are not possible. */
  Manifest with(Contents contents, String source) {
    Manifest whole =
        new Manifest(
            format,
            formatVersion,
            base,
            signedBy,
            snapshot,
            volume,
            contents.counts(),
            contents.members());
    whole.checkMembers(source);
    return whole;
  }

  byte[] toJson() throws IOException {
    return json(this);
  }

  /** As all manifests are written, whatever the platform. */
  static byte[] json(Object value) throws IOException {
    DefaultIndenter indenter = new DefaultIndenter("  ", "\n");
    DefaultPrettyPrinter printer =
        new DefaultPrettyPrinter().withObjectIndenter(indenter).withArrayIndenter(indenter);
    byte[] json = MAPPER.writer(printer).writeValueAsBytes(value);
    byte[] lines = Arrays.copyOf(json, json.length + 1);
    lines[json.length] = '\n';
    return lines;
  }

  /**
   * @throws FirnException of kind CORRUPT if it is not a manifest, if its parts contradict one
   *     another or exceed what a package may have, and of kind FAILED if it is newer than this Firn
   */
  static Manifest parse(byte[] json, String source) throws IOException {
    Manifest manifest;
    try {
      int version = version(json);
      if (version > PackageLayout.FORMAT_VERSION) {
        throw FirnException.failed(
            "%s has package format %d, and this Firn reads up to %d; use a newer Firn",
            source, version, PackageLayout.FORMAT_VERSION);
      }
      manifest = MAPPER.readValue(json, Manifest.class);
    } catch (JsonProcessingException e) {
      throw invalid(source, firstLine(e.getOriginalMessage()));
    }
    if (manifest == null) {
      throw invalid(source, "it is empty");
    }
    manifest.check(source);
    return manifest;
  }

  /** Parses contents as strictly as {@link #parse} does a manifest. */
  static Contents parseContents(byte[] json, String source) throws IOException {
    try {
      Contents contents = MAPPER.readValue(json, Contents.class);
      if (contents == null || contents.counts() == null || !areWhole(contents.members())) {
        throw invalid(source, "a part of its contents is null");
      }
      return contents;
    } catch (JsonProcessingException e) {
      throw invalid(source, firstLine(e.getOriginalMessage()));
    }
  }

  private static boolean areWhole(List<Member> members) {
    return members != null
        && members.stream().noneMatch(m -> m == null || m.name() == null || m.sha256() == null);
  }

  /** Read before all else: a newer manifest may have fields that this class lacks. */
  private static int version(byte[] json) throws IOException {
    try (JsonParser parser = MAPPER.createParser(json)) {
      parser.nextToken();
      for (String field = parser.nextFieldName(); field != null; field = parser.nextFieldName()) {
        parser.nextToken();
        if (field.equals("formatVersion")) {
          return parser.getValueAsInt();
        }
        parser.skipChildren();
      }
    }
    return 0;
  }

  Instant createdAt() {
    return Instant.parse(snapshot.createdAt());
  }

  /** The members of the tree, in their order. */
  List<Member> tree() {
    return members.stream().filter(Member::isTree).toList();
  }

  /** The members of the data, in their order. */
  List<Member> data() {
    return members.stream().filter(member -> !member.isTree()).toList();
  }

  private void check(String source) {
    if (snapshot == null
        || snapshot.id() == null
        || snapshot.createdAt() == null
        || snapshot.tags() == null
        || snapshot.tags().containsValue(null)
        || volume == null) {
      throw invalid(source, "a part of it is null");
    }
    if (contentsFollow()
        ? counts != null || members != null
        : counts == null || !areWhole(members)) {
      throw invalid(source, "it does not say of its contents what it should");
    }
    if (!PackageLayout.FORMAT.equals(format) || !isVersionRight()) {
      throw invalid(source, "format '" + format + "' version " + formatVersion + " is unknown");
    }
    if (volume.sizeBytes() <= 0 || volume.sizeBytes() > Sizes.VOLUME_BYTES_MAX) {
      throw FirnException.corrupt(
          "%s declares a volume of %d bytes, and the largest possible is %d; it is damaged or"
              + " hostile",
          source, volume.sizeBytes(), Sizes.VOLUME_BYTES_MAX);
    }
    checkTime(source, snapshot.createdAt());
    if (signedBy != null && !signedBy.matches("[0-9a-f]{64}")) {
      throw invalid(source, "it is signed by no key");
    }
    if (base != null) {
      if (base.id() == null || base.createdAt() == null) {
        throw invalid(source, "a part of its base is null");
      }
      for (String text : new String[] {base.id(), base.name(), base.volume()}) {
        if (text != null && text.length() > BASE_CHARACTERS_MAX) {
          throw invalid(source, "its base has an impossible name");
        }
      }
      checkTime(source, base.createdAt());
    }
    if (!contentsFollow()) {
      checkMembers(source);
    }
  }

  /** Of those before the present one, each manifest had the lowest that could say what it says. */
  private boolean isVersionRight() {
    int before =
        base == null && signedBy == null
            ? PackageLayout.FORMAT_VERSION_FULL
            : PackageLayout.FORMAT_VERSION_CHANGE;
    return contentsFollow() || formatVersion == before;
  }

  private static void checkTime(String source, String text) {
    try {
      Instant.parse(text);
    } catch (DateTimeException e) {
      throw invalid(source, "'" + text + "' is not a time");
    }
  }

  private void checkMembers(String source) {
    int trees = 0;
    int data = 0;
    long treeBytes = 0;
    long dataBytes = 0;
    for (Member member : members) {
      // Without contents behind them, all of the tree stands before the data.
      boolean tree = member.isTree() && (contentsFollow() || data == 0);
      String name = tree ? PackageLayout.treeMember(trees++) : PackageLayout.dataMember(data++);
      if (!name.equals(member.name())) {
        throw invalid(source, "member '" + member.name() + "' stands where '" + name + "' belongs");
      }
      if (member.rawBytes() <= 0
          || member.rawBytes() > PackageLayout.MEMBER_RAW_BYTES_MAX
          || member.bytes() <= 0
          || member.bytes() > PackageLayout.memberBytesMax(member.rawBytes())) {
        throw invalid(
            source, name + " declares " + member.bytes() + " of " + member.rawBytes() + " bytes");
      }
      if (!member.sha256().matches("[0-9a-f]{64}")) {
        throw invalid(source, name + " has no SHA-256");
      }
      treeBytes += tree ? member.rawBytes() : 0;
      dataBytes += tree ? 0 : member.rawBytes();
    }
    checkCounts(source, treeBytes, dataBytes);
  }

  private void checkCounts(String source, long treeBytes, long dataBytes) {
    if (dataBytes != counts.dataBytes()) {
      throw invalid(
          source, "its data members hold " + dataBytes + " bytes, not " + counts.dataBytes());
    }
    if (treeBytes > PackageLayout.treeBytesMax(this)) {
      throw invalid(source, "its tree of " + treeBytes + " bytes is larger than its volume");
    }
    long records = 0;
    for (long count :
        new long[] {
          counts.directories(),
          counts.files(),
          counts.symbolicLinks(),
          counts.others(),
          counts.hardLinks()
        }) {
      // Each alone first: the sum of hostile numbers could overflow into a harmless one.
      if (count < 0 || count > treeBytes / TREE_RECORD_BYTES_MIN) {
        throw invalid(source, "it counts more inodes and names than its tree can hold");
      }
      records += count;
    }
    if (records > treeBytes / TREE_RECORD_BYTES_MIN || base == null && counts.directories() < 1) {
      throw invalid(source, "its counts do not fit its tree");
    }
    if (counts.logicalBytes() < counts.dataBytes()) {
      throw invalid(source, "its files are shorter than their data");
    }
  }

  private static FirnException invalid(String source, String reason) {
    return FirnException.corrupt(
        "%s: %s is not valid: %s; get the package again", source, Document.MANIFEST.file(), reason);
  }

  private static String firstLine(String text) {
    int end = text.indexOf('\n');
    return end < 0 ? text : text.substring(0, end);
  }
}
