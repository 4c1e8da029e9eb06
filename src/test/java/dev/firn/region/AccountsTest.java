package dev.firn.region;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.firn.base.ErrorKind;
import dev.firn.base.Sizes;
import dev.firn.map.MapStore;
import dev.firn.snapshot.Files;
import dev.firn.snapshot.Snapshot;
import dev.firn.snapshot.SnapshotState;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/** What accounts see, may do, share and are limited to. */
class AccountsTest {
  @TempDir Path directory;
  private Path home;
  private Region whole;
  private Region owner;
  private Region sharee;
  private Region stranger;
  private Snapshot snapshot;

  @BeforeEach
  void make() throws IOException {
    home = directory.resolve("home");
    whole = Region.open(home);
    owner = whole.as(whole.accounts().create("owning").id());
    sharee = whole.as(whole.accounts().create("sharing").id());
    stranger = whole.as(whole.accounts().create("strange").id());
    owner.createVolume(VolumeRequest.empty("data", Sizes.GIB));
    write(owner, "data", "before");
    snapshot = owner.createSnapshot("data", "one", "text", Map.of("stage", "test"));
    write(owner, "data", "after");
  }

  @AfterEach
  void close() throws IOException {
    whole.close();
  }

  private static void write(Region region, String volume, String content) throws IOException {
    try (FileSystem files = region.openVolume(volume, false)) {
      new Files(files).write("a", content);
    }
  }

  private static String read(Region region, String snapshot) throws IOException {
    try (FileSystem files = region.openSnapshot(snapshot)) {
      return new Files(files).read("a");
    }
  }

  private static Permissions to(Region... accounts) {
    return new Permissions(
        false, java.util.Arrays.stream(accounts).map(Region::accountId).toList());
  }

  /** Opens the home again, with the catalog as it is or made anew. */
  private void reopen(boolean rebuild) throws IOException {
    whole.close();
    if (rebuild) {
      java.nio.file.Files.delete(home.resolve("catalog.db"));
      Region.rebuildCatalog(home);
    }
    whole = Region.open(home);
    String id = owner.accountId();
    // An account of which nothing is left is not in the store.
    boolean isKnown = whole.accounts().all().stream().anyMatch(each -> each.id().equals(id));
    owner = isKnown ? whole.as(id) : null;
  }

  private interface Attempt {
    void run(String id) throws IOException;
  }

  private static Map<String, Attempt> everythingWith(Region account) {
    Map<String, Attempt> attempts = new HashMap<>();
    attempts.put("show", account::snapshot);
    attempts.put("read", id -> account.openSnapshot(id).close());
    attempts.put("copy", id -> account.copySnapshot(id, null, null));
    attempts.put(
        "volume of it",
        id -> account.deleteVolume(account.createVolume(VolumeRequest.from("v", id)).id()));
    return attempts;
  }

  private static Map<String, Attempt> changesWith(Region account) {
    Map<String, Attempt> attempts = new HashMap<>();
    attempts.put("delete", id -> account.deleteSnapshots(List.of(id)));
    attempts.put("share", id -> account.shareSnapshot(id, new Permissions(true, List.of())));
    attempts.put("unshare", id -> account.unshareSnapshot(id, new Permissions(true, List.of())));
    attempts.put("permissions", account::permissions);
    attempts.put("tag", id -> account.setTags(List.of(id), Map.of("k", "v")));
    attempts.put("untag", id -> account.removeTags(List.of(id), Map.of("stage", "test")));
    return attempts;
  }

  @Test
  void aStrangerFindsNothing() {
    for (Map<String, Attempt> attempts : List.of(everythingWith(stranger), changesWith(stranger))) {
      attempts.forEach(
          (what, attempt) ->
              Errors.of(ErrorKind.NOT_FOUND, snapshot.id(), () -> attempt.run(snapshot.id())));
    }
    assertEquals(List.of(), stranger.volumes());
    assertEquals(List.of(), stranger.snapshots(null));
    assertEquals(List.of(), stranger.snapshotsAfter(0, 10));
    String volume = owner.volume("data").id();
    for (String reference : List.of(volume, "data")) {
      Errors.of(ErrorKind.NOT_FOUND, reference, () -> stranger.volume(reference));
      Errors.of(ErrorKind.NOT_FOUND, reference, () -> stranger.snapshots(reference));
      Errors.of(ErrorKind.NOT_FOUND, reference, () -> stranger.deleteVolume(reference));
      Errors.of(ErrorKind.NOT_FOUND, reference, () -> stranger.renameVolume(reference, "x"));
      Errors.of(
          ErrorKind.NOT_FOUND, reference, () -> stranger.resizeVolume(reference, 2 * Sizes.GIB));
      Errors.of(
          ErrorKind.NOT_FOUND, reference, () -> stranger.openVolume(reference, false).close());
      Errors.of(
          ErrorKind.NOT_FOUND,
          reference,
          () -> stranger.createSnapshot(reference, null, null, Map.of()));
      Errors.of(
          ErrorKind.NOT_FOUND,
          reference,
          () -> stranger.setTags(List.of(reference), Map.of("k", "v")));
    }
    assertEquals(SnapshotState.COMPLETED, owner.snapshot(snapshot.id()).state());
    assertEquals(Map.of("stage", "test"), owner.snapshot(snapshot.id()).tags());
  }

  @Test
  void aShareeUsesWhatItDoesNotChange() throws IOException {
    owner.shareSnapshot("one", to(sharee));
    for (Map.Entry<String, Attempt> attempt : everythingWith(sharee).entrySet()) {
      attempt.getValue().run(snapshot.id());
    }
    changesWith(sharee)
        .forEach(
            (what, attempt) ->
                Errors.of(ErrorKind.NOT_PERMITTED, "belongs to", () -> attempt.run(snapshot.id())));
    Errors.of(ErrorKind.NOT_FOUND, snapshot.id(), () -> stranger.snapshot(snapshot.id()));
    // Names are one's own: what others call it is nothing to a sharee.
    Errors.of(ErrorKind.NOT_FOUND, "one", () -> sharee.snapshot("one"));
    assertEquals(2, sharee.snapshots(null).size());

    owner.unshareSnapshot("one", to(sharee));
    Errors.of(ErrorKind.NOT_FOUND, snapshot.id(), () -> sharee.snapshot(snapshot.id()));
    assertEquals(1, sharee.snapshots(null).size());
  }

  @Test
  void everybodyMeansEverybody() throws IOException {
    owner.shareSnapshot("one", new Permissions(true, List.of()));
    for (Region region : List.of(sharee, stranger)) {
      for (Map.Entry<String, Attempt> attempt : everythingWith(region).entrySet()) {
        attempt.getValue().run(snapshot.id());
      }
      changesWith(region)
          .forEach(
              (what, attempt) ->
                  Errors.of(
                      ErrorKind.NOT_PERMITTED, "belongs to", () -> attempt.run(snapshot.id())));
    }
    assertEquals(new Permissions(true, List.of()), owner.permissions("one"));
    owner.unshareSnapshot("one", new Permissions(true, List.of()));
    Errors.of(ErrorKind.NOT_FOUND, snapshot.id(), () -> stranger.snapshot(snapshot.id()));
  }

  @Test
  void onlyAccountsThatExistAreSharedWith() {
    Errors.of(
        ErrorKind.NOT_FOUND,
        "999999999999",
        () -> owner.shareSnapshot("one", new Permissions(true, List.of("999999999999"))));
    assertEquals(Permissions.NONE, owner.permissions("one"));
  }

  @Test
  void aCopyOutlivesItsSourceItsVolumeAndTheCatalog() throws IOException {
    owner.shareSnapshot("one", to(sharee));
    Snapshot copy = sharee.copySnapshot(snapshot.id(), "mine", "a copy");
    assertNotEquals(snapshot.id(), copy.id());
    assertEquals(sharee.accountId(), copy.accountId());
    assertEquals(SnapshotState.COMPLETED, copy.state());
    assertEquals(Snapshot.NO_VOLUME_ID, copy.volumeId());
    assertEquals(Map.of(), copy.tags());
    assertEquals(Permissions.NONE, sharee.permissions("mine"));
    Errors.of(ErrorKind.NOT_FOUND, copy.id(), () -> owner.snapshot(copy.id()));

    owner.deleteSnapshots(List.of("one"));
    owner.deleteVolume("data");
    assertEquals("before", read(sharee, "mine"));
    reopen(false);
    assertEquals("before", read(whole, copy.id()));
    reopen(true);
    Region again = whole.as(sharee.accountId());
    assertEquals("before", read(again, "mine"));
    assertEquals(copy, again.snapshot("mine"));
    again.deleteSnapshots(List.of("mine"));
    assertEquals(List.of(), whole.snapshots(null));
    whole.close();
    try (MapStore store = MapStore.open(home.resolve("store"), List.of("local-1a"))) {
      assertEquals(List.of(), store.list());
    }
  }

  @Test
  void aCopyOfAnOpenVolumesSnapshotLeavesWhatIsNotWrittenYet() throws IOException {
    try (FileSystem files = owner.openVolume("data", false)) {
      new Files(files).write("b", "not written yet");
      Snapshot copy = owner.copySnapshot("data@one", null, null);
      new Files(files).write("c", "nor this");
      assertEquals("before", read(owner, copy.id()));
      assertEquals("not written yet", new Files(files).read("b"));
    }
    reopen(false);
    try (FileSystem files = owner.openVolume("data", false)) {
      assertEquals("after", new Files(files).read("a"));
      assertEquals("not written yet", new Files(files).read("b"));
      assertEquals("nor this", new Files(files).read("c"));
    }
    assertEquals(2, owner.snapshots(null).size());
  }

  @Test
  void namesAreAnAccountsOwn() throws IOException {
    stranger.createVolume(VolumeRequest.empty("data", Sizes.GIB));
    write(stranger, "data", "of the stranger");
    stranger.createSnapshot("data", "one", null, Map.of());
    assertEquals("of the stranger", read(stranger, "data@one"));
    assertEquals("before", read(owner, "data@last"));
    Errors.of(
        ErrorKind.CONFLICT,
        "exists already",
        () -> stranger.createVolume(VolumeRequest.empty("data", Sizes.GIB)));
    Volume nameless =
        stranger.createVolume(new VolumeRequest(null, null, Sizes.GIB, null, null, null));
    assertEquals(nameless.id(), nameless.name());
    assertEquals(nameless, stranger.volume(nameless.id()));
  }

  @Test
  void ownersAndTagsComeBackFromTheStore() throws IOException {
    owner.setTags(List.of("data", "data@one"), Map.of("later", "set", "stage", "live"));
    owner.removeTags(List.of("one"), Map.of("later", "another value"));
    Volume volume = owner.volume("data");
    Snapshot before = owner.snapshot("one");
    assertEquals(Map.of("later", "set", "stage", "live"), before.tags());
    assertEquals(before.tags(), volume.tags());
    reopen(true);
    assertEquals(volume, owner.volume("data"));
    assertEquals(before, owner.snapshot("one"));
    assertEquals("before", read(owner, "one"));
    assertEquals(3, whole.accounts().quotas(owner.accountId()).get(4).usedValue() - 1);
    whole.removeTags(List.of(before.id()), java.util.Collections.singletonMap("later", null));
    assertEquals(Map.of("stage", "live"), owner.snapshot("one").tags());
  }

  @Test
  void accountsKeysAndQuotasComeFromAReadableOldCatalog() throws IOException {
    Accounts.NewAccessKey key = whole.accounts().createKey(owner.accountId(), "t", null);
    whole.accounts().setQuota(owner.accountId(), Quota.VOLUMES, 7);
    whole.close();
    Region.rebuildCatalog(home);
    whole = Region.open(home);
    assertEquals("owning", whole.accounts().account(owner.accountId()).name());
    assertEquals(key.secret(), whole.accounts().credentials(key.key().id()).secret());
    assertEquals(7, use(owner.accountId(), Quota.VOLUMES).maxValue());
    assertEquals(1, use(owner.accountId(), Quota.VOLUMES).usedValue());
  }

  private QuotaUse use(String account, Quota quota) {
    return whole.accounts().quotas(account).stream()
        .filter(each -> each.quota() == quota)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void quotasAreCountedAndKept() throws IOException {
    String account = owner.accountId();
    Accounts accounts = whole.accounts();
    assertEquals(1, use(account, Quota.SNAPSHOTS).usedValue());
    assertEquals(1, use(account, Quota.VOLUMES).usedValue());
    assertEquals(1, use(account, Quota.VOLUME_GIB).usedValue());
    assertEquals(1, use(account, Quota.TAGS).usedValue());
    assertEquals(0, use(account, Quota.CONCURRENT_SNAPSHOTS).usedValue());

    accounts.setQuota(account, Quota.SNAPSHOTS, 1);
    refused("too-many-snapshots", () -> owner.createSnapshot("data", null, null, Map.of()));
    refused("too-many-snapshots", () -> owner.copySnapshot("one", null, null));
    refused(
        "too-many-snapshots",
        () -> owner.beginImport(new ImportRequest(null, Sizes.GIB, null, Map.of(), null, null)));
    accounts.setQuota(account, Quota.VOLUME_GIB, 2);
    refused(
        "too-much-volume-size",
        () -> owner.createVolume(VolumeRequest.empty("more", 2 * Sizes.GIB)));
    refused("too-much-volume-size", () -> owner.resizeVolume("data", 3 * Sizes.GIB));
    owner.resizeVolume("data", 2 * Sizes.GIB);
    assertEquals(2, use(account, Quota.VOLUME_GIB).usedValue());
    accounts.setQuota(account, Quota.VOLUME_GIB, 0);
    accounts.setQuota(account, Quota.VOLUMES, 1);
    refused("too-many-volumes", () -> owner.createVolume(VolumeRequest.empty("more", Sizes.GIB)));
    accounts.setQuota(account, Quota.TAGS, 2);
    refused("too-many-tags", () -> owner.setTags(List.of("data"), Map.of("a", "1", "b", "2")));
    owner.setTags(List.of("data"), Map.of("a", "1"));
    owner.setTags(List.of("data"), Map.of("a", "2"));
    assertEquals(2, use(account, Quota.TAGS).usedValue());

    // Others have quotas of their own.
    stranger.createVolume(VolumeRequest.empty("one", Sizes.GIB));
    stranger.createVolume(VolumeRequest.empty("two", Sizes.GIB));

    owner.deleteSnapshots(List.of("one"));
    owner.createSnapshot("data", "two", null, Map.of());
    owner.deleteVolume("data");
    assertEquals(0, use(account, Quota.VOLUMES).usedValue());
    assertEquals(0, use(account, Quota.TAGS).usedValue());
    owner.createVolume(VolumeRequest.empty("more", 5 * Sizes.GIB));
    assertEquals(5, use(account, Quota.VOLUME_GIB).usedValue());
    assertEquals(List.of("more"), owner.volumes().stream().map(Volume::name).toList());
  }

  @Test
  void snapshotsBeingTakenAreCounted() throws IOException {
    whole.accounts().setQuota(owner.accountId(), Quota.CONCURRENT_SNAPSHOTS, 1);
    try (Catalog another = Catalog.open(home.resolve("catalog.db"))) {
      String state = "UPDATE snapshots SET state = ? WHERE id = ?";
      another.transact(handle -> handle.execute(state, "pending", snapshot.id()));
      assertEquals(1, use(owner.accountId(), Quota.CONCURRENT_SNAPSHOTS).usedValue());
      refused(
          "too-many-concurrent-snapshots",
          () -> owner.createSnapshot("data", null, null, Map.of()));
      another.transact(handle -> handle.execute(state, "completed", snapshot.id()));
    }
    owner.createSnapshot("data", null, null, Map.of());
  }

  private static void refused(String reason, Executable action) {
    assertEquals(reason, Errors.of(ErrorKind.NO_SPACE, "may have", action).reason());
  }

  @Test
  void secretsAreSealed() throws IOException {
    Accounts accounts = whole.accounts();
    Accounts.NewAccessKey made = accounts.createKey(owner.accountId(), null, null);
    assertTrue(made.key().id().matches("[A-Z0-9]{20}"), made.key().id());
    assertTrue(made.secret().matches("[A-Z0-9]{40}"));
    assertFalse(made.toString().contains(made.secret()));
    assertFalse(accounts.credentials(made.key().id()).toString().contains(made.secret()));
    assertNull(accounts.credentials("ABCDEFGHIJ0123456789"));
    Path keyFile = home.resolve("secret.key");
    assertEquals(
        "rw-------",
        PosixFilePermissions.toString(java.nio.file.Files.getPosixFilePermissions(keyFile)));
    whole.close();
    for (String file : List.of("catalog.db", "catalog.db-wal")) {
      Path path = home.resolve(file);
      if (java.nio.file.Files.exists(path)) {
        String bytes =
            new String(java.nio.file.Files.readAllBytes(path), StandardCharsets.ISO_8859_1);
        assertFalse(bytes.contains(made.secret()), file);
      }
    }
    whole = Region.open(home);
    assertEquals(made.secret(), whole.accounts().credentials(made.key().id()).secret());
    whole.close();
    java.nio.file.Files.delete(keyFile);
    whole = Region.open(home);
    Errors.of(
        ErrorKind.CORRUPT,
        "secret.key is missing",
        () -> whole.accounts().credentials(made.key().id()));
  }

  @Test
  void aKeyFileThatOthersReadIsRefused() throws IOException {
    Accounts.NewAccessKey made = whole.accounts().createKey(owner.accountId(), null, null);
    whole.close();
    java.nio.file.Files.setPosixFilePermissions(
        home.resolve("secret.key"), PosixFilePermissions.fromString("rw-r--r--"));
    whole = Region.open(home);
    Errors.of(
        ErrorKind.NOT_PERMITTED, "chmod 600", () -> whole.accounts().credentials(made.key().id()));
  }

  @Test
  void anAccountThatDoesNotExistIsNobody() {
    Errors.of(ErrorKind.NOT_FOUND, "999999999999", () -> whole.as("999999999999"));
    Errors.of(ErrorKind.CONFLICT, "exists already", () -> whole.accounts().create("owning"));
  }
}
