package dev.firn.server.oapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.firn.base.ErrorKind;
import dev.firn.base.FirnException;
import dev.firn.region.Quota;
import dev.firn.snapshot.Files;
import dev.firn.vfs.FileSystem;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The actions of the API over TCP, with a real home behind it. */
class OapiTest {
  @TempDir Path directory;
  private ServedHome home;

  @BeforeEach
  void serve() throws IOException {
    home = new ServedHome(directory);
  }

  @AfterEach
  void stop() throws IOException {
    home.close();
  }

  private JsonNode volume(String id) throws IOException {
    return home.ok("north", "ReadVolumes", "{'Filters':{'VolumeIds':['" + id + "']}}")
        .get("Volumes")
        .get(0);
  }

  private void write(String volume, String content) throws IOException {
    try (FileSystem files = home.whole.openVolume(volume, false)) {
      new Files(files).write("file", content);
    }
  }

  private String read(String snapshot) throws IOException {
    try (FileSystem files = home.whole.openSnapshot(snapshot)) {
      return new Files(files).read("file");
    }
  }

  @Test
  void volumesFromBeginningToEnd() throws IOException {
    JsonNode made =
        home.ok(
                "north",
                "CreateVolume",
                "{'SubregionName':'local-1a','Size':2,'VolumeType':'io1','Iops':600}")
            .get("Volume");
    String id = made.get("VolumeId").asText();
    assertTrue(id.matches("vol-[0-9a-f]{8}"), id);
    assertEquals("available", made.get("State").asText());
    assertEquals(600, made.get("Iops").asInt());
    assertEquals(made, volume(id));
    assertFalse(made.has("SnapshotId") || made.has("TaskId") || made.has("ClientToken"));
    assertEquals(0, made.get("Tags").size());

    JsonNode before =
        home.ok("north", "UpdateVolume", "{'VolumeId':'" + id + "','Size':4}").get("Volume");
    assertEquals(2, before.get("Size").asInt());
    assertEquals(4, volume(id).get("Size").asInt());
    JsonNode task = home.ok("north", "ReadVolumeUpdateTasks", "{}").get("VolumeUpdateTasks").get(0);
    assertEquals(before.get("TaskId"), task.get("TaskId"));
    assertTrue(task.get("TaskId").asText().matches("vol-update-[0-9a-f]{8}"));
    assertEquals("completed", task.get("State").asText());
    assertEquals(100, task.get("Progress").asInt());
    assertEquals(2, task.get("VolumeUpdate").get("Origin").get("Size").asInt());
    assertEquals(4, task.get("VolumeUpdate").get("Target").get("Size").asInt());

    String link = "{'VolumeId':'" + id + "','VmId':'i-0123abcd','DeviceName':'/dev/xvdb'}";
    home.ok("north", "LinkVolume", link);
    JsonNode linked = volume(id);
    assertEquals("in-use", linked.get("State").asText());
    assertEquals("i-0123abcd", linked.get("LinkedVolumes").get(0).get("VmId").asText());
    assertEquals("/dev/xvdb", linked.get("LinkedVolumes").get(0).get("DeviceName").asText());
    home.fails(409, "6007", "north", "LinkVolume", link);
    home.fails(409, "6007", "north", "DeleteVolume", "{'VolumeId':'" + id + "'}");
    // It grows while it is in use.
    home.ok("north", "UpdateVolume", "{'VolumeId':'" + id + "','Size':5,'VolumeType':'gp2'}");
    assertEquals("gp2", volume(id).get("VolumeType").asText());
    String other = home.volume("north", 1);
    home.fails(
        409,
        "9004",
        "north",
        "LinkVolume",
        "{'VolumeId':'" + other + "','VmId':'i-0123abcd','DeviceName':'/dev/xvdb'}");
    home.ok("north", "UnlinkVolume", "{'VolumeId':'" + id + "'}");
    home.fails(409, "9063", "north", "UnlinkVolume", "{'VolumeId':'" + id + "'}");
    assertEquals("available", volume(id).get("State").asText());
    home.ok("north", "DeleteVolume", "{'VolumeId':'" + id + "'}");
    home.fails(400, "5064", "north", "DeleteVolume", "{'VolumeId':'" + id + "'}");
  }

  @Test
  void snapshotsAreTakenSharedCopiedAndDeleted() throws IOException {
    String volume = home.volume("north", 1);
    write(volume, "first");
    String first = home.snapshot("north", volume);
    write(volume, "second");
    String second = home.snapshot("north", volume);
    String south = home.account("south");

    home.fails(400, "5054", "south", "DeleteSnapshot", "{'SnapshotId':'" + first + "'}");
    String share = "{'SnapshotId':'%s','PermissionsToCreateVolume':{'%s':{'AccountIds':['%s']}}}";
    JsonNode shared =
        home.ok("north", "UpdateSnapshot", share.formatted(first, "Additions", south))
            .get("Snapshot");
    assertEquals(south, shared.get("PermissionsToCreateVolume").get("AccountIds").get(0).asText());
    assertFalse(shared.get("PermissionsToCreateVolume").get("GlobalPermission").asBoolean());
    home.fails(403, "4", "south", "DeleteSnapshot", "{'SnapshotId':'" + first + "'}");
    home.fails(403, "4", "south", "UpdateSnapshot", share.formatted(first, "Removals", south));
    home.fails(
        403,
        "4",
        "south",
        "CreateTags",
        "{'ResourceIds':['" + first + "'],'Tags':[{'Key':'k','Value':'v'}]}");
    JsonNode copy =
        home.ok(
                "south",
                "CreateSnapshot",
                "{'SourceSnapshotId':'" + first + "','SourceRegionName':'local-1'}")
            .get("Snapshot");
    assertEquals(south, copy.get("AccountId").asText());
    assertEquals("south", copy.get("AccountAlias").asText());
    assertNotEquals(first, copy.get("SnapshotId").asText());
    JsonNode fromShared =
        home.ok(
                "south",
                "CreateVolume",
                "{'SubregionName':'local-1a','SnapshotId':'" + first + "','Size':2}")
            .get("Volume");
    assertEquals(first, fromShared.get("SnapshotId").asText());
    assertEquals(2, fromShared.get("Size").asInt());

    home.ok("north", "DeleteSnapshot", "{'SnapshotId':'" + first + "'}");
    assertEquals("second", read(second));
    home.ok("north", "DeleteVolume", "{'VolumeId':'" + volume + "'}");
    assertEquals("first", read(copy.get("SnapshotId").asText()));
    home.fails(400, "5054", "south", "DeleteSnapshot", "{'SnapshotId':'" + first + "'}");
    home.fails(400, "5054", "south", "DeleteSnapshot", "{'SnapshotId':'" + second + "'}");
  }

  @Test
  void imagesHoldTheirSnapshots() throws IOException {
    String volume = home.volume("north", 1);
    write(volume, "of the image");
    String snapshot = home.snapshot("north", volume);
    String register =
        "{'ImageName':'system 1','RootDeviceName':'/dev/sda1','ProductCodes':['0001','0002'],"
            + "'BlockDeviceMappings':[{'DeviceName':'/dev/sda1','Bsu':{'SnapshotId':'"
            + snapshot
            + "'}},{'DeviceName':'/dev/sdb','Bsu':{'VolumeSize':10,'VolumeType':'gp2'}},"
            + "{'DeviceName':'/dev/sdc','VirtualDeviceName':'ephemeral0'}]}";
    JsonNode image = home.ok("north", "CreateImage", register).get("Image");
    String id = image.get("ImageId").asText();
    assertTrue(id.matches("ami-[0-9a-f]{8}"), id);
    assertEquals("[\"0001\",\"0002\"]", image.get("ProductCodes").toString());
    assertEquals(
        snapshot, image.get("BlockDeviceMappings").get(0).get("Bsu").get("SnapshotId").asText());
    home.fails(409, "9015", "north", "CreateImage", register);
    home.fails(409, "6003", "north", "DeleteSnapshot", "{'SnapshotId':'" + snapshot + "'}");

    home.fails(400, "5023", "south", "DeleteImage", "{'ImageId':'" + id + "'}");
    home.ok(
        "north",
        "UpdateImage",
        "{'ImageId':'" + id + "','PermissionsToLaunch':{'Additions':{'GlobalPermission':true}}}");
    home.fails(403, "4", "south", "DeleteImage", "{'ImageId':'" + id + "'}");
    JsonNode copy =
        home.ok(
                "south",
                "CreateImage",
                "{'SourceImageId':'" + id + "','SourceRegionName':'local-1','ImageName':'mine'}")
            .get("Image");
    assertEquals(home.account("south"), copy.get("AccountId").asText());
    assertEquals(image.get("ProductCodes"), copy.get("ProductCodes"));
    String copied = copy.get("BlockDeviceMappings").get(0).get("Bsu").get("SnapshotId").asText();
    assertNotEquals(snapshot, copied);
    assertEquals("of the image", read(copied));
    home.ok("north", "DeleteImage", "{'ImageId':'" + id + "'}");
    home.ok("north", "DeleteSnapshot", "{'SnapshotId':'" + snapshot + "'}");
    assertEquals("of the image", read(copied));
    home.ok(
        "south",
        "UpdateImage",
        "{'ImageId':'" + copy.get("ImageId").asText() + "','ProductCodes':[],'Description':'d'}");
    JsonNode read = home.ok("south", "ReadImages", "{}").get("Images");
    assertEquals(1, read.size());
    assertEquals(0, read.get(0).get("ProductCodes").size());
    assertEquals("d", read.get(0).get("Description").asText());
  }

  @Test
  void tagsAreSetReplacedAndTaken() throws IOException {
    String volume = home.volume("north", 1);
    String snapshot = home.snapshot("north", volume);
    String both = "'ResourceIds':['" + volume + "','" + snapshot + "']";
    home.ok(
        "north",
        "CreateTags",
        "{" + both + ",'Tags':[{'Key':'a','Value':'1'},{'Key':'b','Value':''}]}");
    home.ok("north", "CreateTags", "{" + both + ",'Tags':[{'Key':'a','Value':'2'}]}");
    assertEquals(
        "[{\"Key\":\"a\",\"Value\":\"2\"},{\"Key\":\"b\",\"Value\":\"\"}]",
        volume(volume).get("Tags").toString());
    home.ok("north", "DeleteTags", "{" + both + ",'Tags':[{'Key':'a','Value':'1'}]}");
    assertEquals(4, home.ok("north", "ReadTags", "{}").get("Tags").size());
    home.ok("north", "DeleteTags", "{" + both + ",'Tags':[{'Key':'a','Value':'2'}]}");
    assertEquals(2, home.ok("north", "ReadTags", "{}").get("Tags").size());
    assertEquals(0, home.ok("south", "ReadTags", "{}").get("Tags").size());
  }

  @Test
  void keysAreMadeUsedAndDeleted() throws IOException {
    JsonNode made = home.ok("north", "CreateAccessKey", "{'Tag':'t'}").get("AccessKey");
    assertEquals(40, made.get("SecretKey").asText().length());
    String id = made.get("AccessKeyId").asText();
    JsonNode keys = home.ok("north", "ReadAccessKeys", "{}").get("AccessKeys");
    assertEquals(2, keys.size());
    assertFalse(keys.toString().contains("SecretKey"));
    JsonNode off =
        home.ok("north", "UpdateAccessKey", "{'AccessKeyId':'" + id + "','State':'INACTIVE'}")
            .get("AccessKey");
    assertEquals("INACTIVE", off.get("State").asText());
    assertEquals("t", off.get("Tag").asText());
    home.ok("north", "UpdateAccessKey", "{'AccessKeyId':'" + id + "','ClearTag':true}");
    home.fails(400, "4000", "south", "DeleteAccessKey", "{'AccessKeyId':'" + id + "'}");
    home.ok("north", "DeleteAccessKey", "{'AccessKeyId':'" + id + "'}");
    home.fails(400, "4000", "north", "DeleteAccessKey", "{'AccessKeyId':'" + id + "'}");
    home.fails(400, "5075", "north", "CreateAccessKey", "{'UserName':'somebody'}");
  }

  @Test
  void pagesAreWholeAndWithoutRepeats() throws IOException {
    String volume = home.volume("north", 1);
    Set<String> all = new LinkedHashSet<>();
    for (int i = 0; i < 7; i++) {
      all.add(home.snapshot("north", volume));
    }
    for (int perPage : new int[] {1, 3, 7, 8, 1000}) {
      List<String> seen = new ArrayList<>();
      String token = "";
      do {
        JsonNode page =
            home.ok(
                "north",
                "ReadSnapshots",
                "{'ResultsPerPage':" + perPage + token + ",'Filters':{'Progresses':[100]}}");
        page.get("Snapshots").forEach(each -> seen.add(each.get("SnapshotId").asText()));
        assertTrue(page.get("Snapshots").size() <= perPage);
        token =
            page.has("NextPageToken")
                ? ",'NextPageToken':'" + page.get("NextPageToken").asText() + "'"
                : null;
      } while (token != null);
      assertEquals(List.copyOf(all), seen);
    }
    home.ok(
        "north",
        "CreateTags",
        "{'ResourceIds':['"
            + volume
            + "'],'Tags':[{'Key':'a b','Value':'1'},{'Key':'c','Value':'2'}]}");
    JsonNode page = home.ok("north", "ReadTags", "{'ResultsPerPage':1}");
    JsonNode next =
        home.ok(
            "north",
            "ReadTags",
            "{'ResultsPerPage':1,'NextPageToken':'" + page.get("NextPageToken").asText() + "'}");
    assertEquals("c", next.get("Tags").get(0).get("Key").asText());
    assertFalse(next.has("NextPageToken"));
    home.fails(400, "4047", "north", "ReadSnapshots", "{'ResultsPerPage':0}");
    home.fails(400, "4047", "north", "ReadSnapshots", "{'ResultsPerPage':1001}");
    home.fails(400, "4047", "north", "ReadSnapshots", "{'NextPageToken':'bm90aGluZw=='}");
  }

  @Test
  void wrongRequestsAreRefusedForWhatIsWrong() throws IOException {
    String[][] wrong = {
      {"CreateVolume", "{}", "7007"},
      {"CreateVolume", "{'SubregionName':'local-1a'}", "7007"},
      {"CreateVolume", "{'SubregionName':'local-1a','Size':1,'Colour':'red'}", "4045"},
      {"CreateVolume", "{'SubregionName':'local-1a','Size':'1'}", "4108"},
      {"CreateVolume", "{'SubregionName':'local-1a','Size':1.5}", "4108"},
      {"CreateVolume", "{'SubregionName':7,'Size':1}", "4108"},
      {"CreateVolume", "{'SubregionName':'local-1a','Size':0}", "4078"},
      {"CreateVolume", "{'SubregionName':'local-1a','Size':14902}", "4078"},
      {"CreateVolume", "{'SubregionName':'local-1z','Size':1}", "5009"},
      {"CreateVolume", "{'SubregionName':'local-1a','SnapshotId':'snap-00000000'}", "5054"},
      {"CreateVolume", "{'SubregionName':'local-1a','SnapshotId':'vol-00000000'}", "4104"},
      {"CreateVolume", "{'SubregionName':'local-1a','SnapshotId':'snap-1'}", "4105"},
      {"CreateVolume", "{'SubregionName':'local-1a','Size':1,'VolumeType':'fast'}", "4073"},
      {"CreateVolume", "{'SubregionName':'local-1a','Size':1,'VolumeType':'io1'}", "7007"},
      {"CreateVolume", "{'SubregionName':'local-1a','Size':1,'Iops':100}", "4046"},
      {
        "CreateVolume",
        "{'SubregionName':'local-1a','Size':1,'VolumeType':'io1','Iops':301}",
        "4029"
      },
      {
        "CreateVolume",
        "{'SubregionName':'local-1a','Size':99,'VolumeType':'io1','Iops':13001}",
        "4029"
      },
      {"CreateSnapshot", "{}", "7007"},
      {"CreateSnapshot", "{'VolumeId':'vol-00000000'}", "5064"},
      {"CreateSnapshot", "{'VolumeId':'vol-00000000','SourceSnapshotId':'snap-00000000'}", "4046"},
      {"CreateSnapshot", "{'SourceSnapshotId':'snap-00000000'}", "7007"},
      {
        "CreateSnapshot",
        "{'SourceSnapshotId':'snap-00000000','SourceRegionName':'elsewhere'}",
        "5043"
      },
      {
        "CreateSnapshot",
        "{'SourceSnapshotId':'snap-00000000','SourceRegionName':'local-1'}",
        "5054"
      },
      {"CreateSnapshot", "{'FileLocation':'https://x/'}", "7007"},
      {"CreateSnapshot", "{'FileLocation':'file:///x','SnapshotSize':1}", "4047"},
      {"UpdateSnapshot", "{'SnapshotId':'snap-00000000'}", "7007"},
      {"UpdateSnapshot", "{'PermissionsToCreateVolume':{}}", "7007"},
      {"UpdateVolume", "{'VolumeId':'vol-00000000'}", "5064"},
      {"DeleteImage", "{'ImageId':'ami-00000000'}", "5023"},
      {"LinkVolume", "{'VolumeId':'vol-00000000','VmId':'i-00000000','DeviceName':'x'}", "4019"},
      {"CreateImage", "{}", "7007"},
      {"CreateImage", "{'VmId':'i-00000000'}", "5063"},
      {"CreateImage", "{'SourceImageId':'ami-00000000','SourceRegionName':'local-1'}", "5023"},
      {"CreateImage", "{'ImageName':'a'}", "4026"},
      {
        "CreateImage",
        "{'ImageName':'abc','RootDeviceName':'/dev/sda1','BlockDeviceMappings':[{'DeviceName':"
            + "'/dev/sda1','Bsu':{'VolumeSize':1}}]}",
        "4057"
      },
      {
        "CreateImage",
        "{'ImageName':'abc','RootDeviceName':'/dev/sda1','BlockDeviceMappings':[{'DeviceName':"
            + "'/dev/sda1','Bsu':{}}]}",
        "4011"
      },
      {"CreateTags", "{'ResourceIds':[],'Tags':[{'Key':'k','Value':'v'}]}", "4047"},
      {"CreateTags", "{'ResourceIds':['x-1'],'Tags':[{'Key':'k','Value':'v'}]}", "4105"},
      {"CreateTags", "{'ResourceIds':['vol-00000000'],'Tags':[{'Key':'k','Value':'v'}]}", "5044"},
      {"CreateTags", "{'ResourceIds':['vol-00000000'],'Tags':[{'Key':'','Value':'v'}]}", "4069"},
      {
        "CreateTags",
        "{'ResourceIds':['vol-00000000'],'Tags':[{'Key':'k','Value':'" + "v".repeat(256) + "'}]}",
        "4071"
      },
      {"CreateTags", "{'ResourceIds':['vol-00000000'],'Tags':[{'Key':'k'}]}", "7007"},
      {"UpdateAccessKey", "{'AccessKeyId':'" + "A".repeat(20) + "'}", "4000"},
      {"CreateAccessKey", "{'ExpirationDate':'2020-01-01'}", "4047"},
      {"CreateAccessKey", "{'ExpirationDate':'tomorrow'}", "4047"},
      {
        "ReadApiLogs",
        "{'Filters':{'QueryDateAfter':'2026-01-02','QueryDateBefore':'2026-01-01'}}",
        "4109"
      },
      {"CreateSnapshotExportTask", "{'SnapshotId':'snap-00000000'}", "7007"},
      {
        "CreateSnapshotExportTask",
        "{'SnapshotId':'snap-00000000','OsuExport':{'DiskImageFormat':'raw','OsuBucket':'b'}}",
        "5054"
      },
      {
        "CreateImageExportTask",
        "{'ImageId':'ami-00000000','OsuExport':{'DiskImageFormat':'vmdk','OsuBucket':'b'}}",
        "4047"
      },
      {"ReadSnapshotExportTasks", "{'Filters':{'States':['failed']}}", "4023"},
      {"ReadImageExportTasks", "{'ResultsPerPage':'1'}", "4108"},
      {"ReadVolumes", "{'DryRun':'yes'}", "4108"},
      {"ReadVolumes", "[]", "4108"},
      {"ReadVolumes", "{", "4045"},
      {"ReadVolumes", "{'DryRun':true,'DryRun':true}", "4045"},
      {"ReadVolumes", "{} {}", "4045"},
    };
    for (String[] each : wrong) {
      home.fails(400, each[2], "north", each[0], each[1]);
      if (!each[1].contains("DryRun") && each[1].length() > 2 && each[1].startsWith("{'")) {
        home.fails(400, each[2], "north", each[0], each[1].replaceFirst("\\{", "{'DryRun':true,"));
      }
    }
    home.fails(404, "5011", "north", "RunVms", "{}");
    assertEquals(0, home.ok("north", "ReadVolumes", "{}").get("Volumes").size());
  }

  @Test
  void updatesThatCannotBeAreRefused() throws IOException {
    String volume = home.volume("north", 3);
    String snapshot = home.snapshot("north", volume);
    String south = home.account("south");
    home.fails(400, "4078", "north", "UpdateVolume", "{'VolumeId':'" + volume + "','Size':2}");
    home.fails(400, "7007", "north", "UpdateVolume", "{'VolumeId':'" + volume + "'}");
    home.fails(
        400,
        "4078",
        "north",
        "CreateVolume",
        "{'SubregionName':'local-1a','Size':2,'SnapshotId':'" + snapshot + "'}");
    String update = "{'SnapshotId':'" + snapshot + "','PermissionsToCreateVolume':%s}";
    home.fails(400, "4046", "north", "UpdateSnapshot", update.formatted("{}"));
    home.fails(400, "4046", "north", "UpdateSnapshot", update.formatted("{'Additions':{}}"));
    home.fails(
        400,
        "4046",
        "north",
        "UpdateSnapshot",
        update.formatted(
            "{'Additions':{'AccountIds':['" + south + "']},'Removals':{'GlobalPermission':true}}"));
    home.fails(
        400,
        "5044",
        "north",
        "UpdateSnapshot",
        update.formatted("{'Additions':{'AccountIds':['999999999999']}}"));
    home.fails(
        400,
        "4047",
        "north",
        "UpdateSnapshot",
        update.formatted("{'Additions':{'AccountIds':['12']}}"));
  }

  @Test
  void quotasAreTold() throws IOException {
    String account = home.account("north");
    String volume = home.volume("north", 1);
    String snapshot = home.snapshot("north", volume);
    Map<Quota, String[]> limits =
        Map.of(
            Quota.VOLUMES,
            new String[] {"10018", "CreateVolume", "{'SubregionName':'local-1a','Size':1}"},
            Quota.VOLUME_GIB,
            new String[] {"10024", "CreateVolume", "{'SubregionName':'local-1a','Size':1}"},
            Quota.SNAPSHOTS,
            new String[] {"10026", "CreateSnapshot", "{'VolumeId':'" + volume + "'}"});
    for (Map.Entry<Quota, String[]> limit : limits.entrySet()) {
      home.whole.accounts().setQuota(account, limit.getKey(), 1);
      String[] call = limit.getValue();
      home.fails(400, call[0], "north", call[1], call[2]);
      JsonNode quotas =
          home.ok(
                  "north",
                  "ReadQuotas",
                  "{'Filters':{'QuotaNames':['" + limit.getKey().text() + "']}}")
              .get("QuotaTypes")
              .get(0)
              .get("Quotas");
      assertEquals(1, quotas.get(0).get("MaxValue").asInt());
      assertEquals(1, quotas.get(0).get("UsedValue").asInt());
      home.whole.accounts().setQuota(account, limit.getKey(), 0);
    }
    home.whole.accounts().setQuota(account, Quota.TAGS, 1);
    home.fails(
        400,
        "10041",
        "north",
        "CreateTags",
        "{'ResourceIds':['"
            + snapshot
            + "'],'Tags':[{'Key':'a','Value':''},{'Key':'b','Value':''}]}");
  }

  @Test
  void dryRunsChangeNothing() throws IOException {
    String volume = home.volume("north", 1);
    String snapshot = home.snapshot("north", volume);
    String[][] calls = {
      {"CreateVolume", "{'DryRun':true,'SubregionName':'local-1a','Size':1}"},
      {"CreateSnapshot", "{'DryRun':true,'VolumeId':'" + volume + "'}"},
      {"DeleteVolume", "{'DryRun':true,'VolumeId':'" + volume + "'}"},
      {"UpdateVolume", "{'DryRun':true,'VolumeId':'" + volume + "','Size':9}"},
      {"DeleteSnapshot", "{'DryRun':true,'SnapshotId':'" + snapshot + "'}"},
      {
        "LinkVolume",
        "{'DryRun':true,'VolumeId':'" + volume + "','VmId':'i-00000000','DeviceName':'/dev/sdb'}"
      },
      {
        "CreateTags",
        "{'DryRun':true,'ResourceIds':['" + volume + "'],'Tags':[{'Key':'k','Value':'v'}]}"
      },
      {"CreateAccessKey", "{'DryRun':true}"},
      {"ReadVolumes", "{'DryRun':true}"},
    };
    JsonNode before = home.ok("north", "ReadVolumes", "{}").get("Volumes");
    for (String[] call : calls) {
      JsonNode answer = home.ok("north", call[0], call[1]);
      assertEquals(1, answer.size(), call[0] + answer);
    }
    assertEquals(before, home.ok("north", "ReadVolumes", "{}").get("Volumes"));
    assertEquals(1, home.ok("north", "ReadSnapshots", "{}").get("Snapshots").size());
    assertEquals(1, home.ok("north", "ReadAccessKeys", "{}").get("AccessKeys").size());
    home.fails(400, "5064", "south", "DeleteVolume", calls[2][1]);
  }

  @Test
  void theSameTokenDoesTheSameOnce() throws Exception {
    String request = "{'SubregionName':'local-1a','Size':1,'ClientToken':'once'}";
    ExecutorService threads = Executors.newFixedThreadPool(8);
    try {
      home.account("north");
      List<Future<JsonNode>> answers = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        answers.add(threads.submit(() -> home.ok("north", "CreateVolume", request)));
      }
      Set<String> ids = new LinkedHashSet<>();
      for (Future<JsonNode> answer : answers) {
        ids.add(answer.get().get("Volume").get("VolumeId").asText());
      }
      assertEquals(1, ids.size());
    } finally {
      threads.shutdown();
    }
    JsonNode volumes = home.ok("north", "ReadVolumes", "{}").get("Volumes");
    assertEquals(1, volumes.size());
    assertEquals("once", volumes.get(0).get("ClientToken").asText());
    // The order of keys is no difference; another size is.
    home.ok("north", "CreateVolume", "{'ClientToken':'once','Size':1,'SubregionName':'local-1a'}");
    home.fails(
        400,
        "4091",
        "north",
        "CreateVolume",
        "{'SubregionName':'local-1a','Size':2,'ClientToken':'once'}");
    home.ok("south", "CreateVolume", request.replace("'Size':1", "'Size':2"));
    String volume = volumes.get(0).get("VolumeId").asText();
    String snapshot = "{'VolumeId':'" + volume + "','ClientToken':'once'}";
    JsonNode first = home.ok("north", "CreateSnapshot", snapshot).get("Snapshot");
    JsonNode again = home.ok("north", "CreateSnapshot", snapshot).get("Snapshot");
    assertEquals(first.get("SnapshotId"), again.get("SnapshotId"));
  }

  @Test
  void callsAreLoggedForTheirAccountWithoutSecrets() throws IOException {
    home.volume("north", 1);
    home.fails(400, "5064", "north", "DeleteVolume", "{'VolumeId':'vol-00000000'}");
    home.ok("south", "ReadVolumes", "{}");
    home.client(null).call("ReadVolumes", "{}");
    JsonNode logs = home.ok("north", "ReadApiLogs", "{}").get("Logs");
    assertEquals(2, logs.size(), logs.toString());
    assertEquals("CreateVolume", logs.get(0).get("QueryCallName").asText());
    assertEquals(400, logs.get(1).get("ResponseStatusCode").asInt());
    assertEquals("{\"VolumeId\":\"vol-00000000\"}", logs.get(1).get("QueryPayloadRaw").asText());
    assertFalse(logs.toString().contains("Signature="), logs.toString());
    assertTrue(logs.get(0).get("QueryHeaderRaw").asText().contains("Authorization: ***"));
    JsonNode few =
        home.ok("north", "ReadApiLogs", "{'With':{'QueryPayloadRaw':false},'ResultsPerPage':1}");
    assertFalse(few.get("Logs").get(0).has("QueryPayloadRaw"));
    assertTrue(few.has("NextPageToken"));
  }

  @Test
  void bodiesAreLimited() throws IOException {
    home.fails(413, "4106", "north", "ReadVolumes", "{'x':'" + "y".repeat(1 << 20) + "'}");
    // Whoever sends somewhat too much gets the answer, not a connection that breaks.
    for (int i = 0; i < 8; i++) {
      assertEquals("HTTP/1.1 413", answerTo("Content-Length: 8388608\r\n\r\n", 8 << 20, ""));
    }
    String chunked = "Transfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(4 << 20) + "\r\n";
    assertEquals("HTTP/1.1 413", answerTo(chunked, 4 << 20, "\r\n0\r\n\r\n"));
    assertEquals(
        "HTTP/1.1 413", answerTo("Content-Length: 8388608\r\nExpect: 100-continue\r\n\r\n", 0, ""));
    // Nor is anything read without an end.
    try {
      String answer = answerTo("Content-Length: 1073741824\r\n\r\n", 1 << 30, "");
      assertTrue(answer.isEmpty() || answer.equals("HTTP/1.1 413"), answer);
    } catch (SocketException e) {
      assertTrue(e.getMessage().matches(".*(reset|Broken pipe).*"), e.getMessage());
    }
    assertEquals(0, home.ok("north", "ReadVolumes", "{}").get("Volumes").size());
  }

  /** How the answer begins that a request gets whose body is all zeros. */
  private String answerTo(String headers, int zeros, String end) throws IOException {
    try (Socket socket = new Socket(home.endpoint().getHost(), home.endpoint().getPort())) {
      OutputStream output = socket.getOutputStream();
      String start = "POST /ReadVolumes HTTP/1.1\r\nHost: x\r\n" + headers;
      output.write(start.getBytes(StandardCharsets.US_ASCII));
      byte[] chunk = new byte[1 << 16];
      for (int left = zeros; left > 0; left -= chunk.length) {
        output.write(chunk);
      }
      output.write(end.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
    }
  }

  @Test
  void metricsAndHealthAreApart() throws Exception {
    home.volume("north", 1);
    HttpClient client = HttpClient.newHttpClient();
    String metrics = get(client, home.server.metricsUrl() + "/metrics").body();
    assertTrue(
        metrics.contains("firn_api_requests_total{action=\"CreateVolume\",status=\"200\"} 1.0"),
        metrics);
    assertEquals("ok\n", get(client, home.server.metricsUrl() + "/health").body());
    assertEquals(404, get(client, home.server.metricsUrl() + "/ReadVolumes").statusCode());
    assertEquals(404, get(client, home.endpoint() + "/metrics").statusCode());
    assertEquals(405, get(client, home.endpoint() + "/ReadVolumes").statusCode());
  }

  private static HttpResponse<String> get(HttpClient client, String url) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void whatIsNotOfferedIsSaid() throws IOException {
    String snapshot = home.snapshot("north", home.volume("north", 1));
    home.fails(
        400,
        "8001",
        "north",
        "CreateSnapshotExportTask",
        "{'SnapshotId':'"
            + snapshot
            + "','OsuExport':{'DiskImageFormat':'raw','OsuBucket':'b','OsuApiKey':{'ApiKeyId':'id','SecretKey':"
            + "'hidden'}}}");
    assertEquals(
        0, home.ok("north", "ReadSnapshotExportTasks", "{}").get("SnapshotExportTasks").size());
    assertEquals(0, home.ok("north", "ReadImageExportTasks", "{}").get("ImageExportTasks").size());
    String logs = home.ok("north", "ReadApiLogs", "{}").toString();
    assertTrue(logs.contains("OsuBucket") && !logs.contains("hidden"), logs);
  }

  @Test
  void withAKeyStoreItIsServedByTls() throws Exception {
    Path keyStore = directory.resolve("api.p12");
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-keystore",
                keyStore.toString(),
                "-storetype",
                "PKCS12",
                "-storepass",
                "a password",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "san=dns:localhost,ip:127.0.0.1")
            .redirectErrorStream(true)
            .start();
    String told = new String(keytool.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, keytool.waitFor(), told);
    InetSocketAddress anywhere = OapiOptions.address("0.0.0.0:0");
    try (OapiServer server =
        OapiServer.start(
            home.whole,
            null,
            home.transfers,
            new OapiOptions(anywhere, null, keyStore, "a password", false))) {
      assertTrue(server.url().startsWith("https://0.0.0.0:"), server.url());
      int port = URI.create(server.url()).getPort();
      java.security.KeyStore trusted = java.security.KeyStore.getInstance("PKCS12");
      try (InputStream input = java.nio.file.Files.newInputStream(keyStore)) {
        trusted.load(input, "a password".toCharArray());
      }
      var trust =
          javax.net.ssl.TrustManagerFactory.getInstance(
              javax.net.ssl.TrustManagerFactory.getDefaultAlgorithm());
      trust.init(trusted);
      var tls = javax.net.ssl.SSLContext.getInstance("TLS");
      tls.init(null, trust.getTrustManagers(), null);
      HttpClient client = HttpClient.newBuilder().sslContext(tls).build();
      HttpResponse<String> answer =
          client.send(
              HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/ReadRegions"))
                  .POST(HttpRequest.BodyPublishers.ofString("{}"))
                  .build(),
              HttpResponse.BodyHandlers.ofString());
      assertEquals(200, answer.statusCode());
      assertTrue(answer.body().contains("local-1"), answer.body());
      assertThrows(IOException.class, () -> get(client, "http://127.0.0.1:" + port + "/"));
    }
    FirnException refused =
        assertThrows(
            FirnException.class,
            () ->
                OapiServer.start(
                    home.whole,
                    null,
                    home.transfers,
                    new OapiOptions(anywhere, null, keyStore, "wrong", false)));
    assertEquals(ErrorKind.USAGE, refused.kind());
    assertTrue(refused.getMessage().contains("key store"), refused.getMessage());
  }

  @Test
  void otherMachinesNeedTls() {
    for (String address : List.of("0.0.0.0:0", "192.0.2.1:80", "[::]:80")) {
      InetSocketAddress listen = OapiOptions.address(address);
      FirnException refused =
          assertThrows(FirnException.class, () -> new OapiOptions(listen, null, null, null, false));
      assertEquals(ErrorKind.USAGE, refused.kind());
      assertTrue(refused.getMessage().contains("--insecure"), refused.getMessage());
      assertTrue(new OapiOptions(listen, null, null, null, true).insecure());
    }
    for (String wrong : List.of("", "8080", "localhost", "127.0.0.1:", "127.0.0.1:99999", ":80")) {
      assertEquals(
          ErrorKind.USAGE,
          assertThrows(FirnException.class, () -> OapiOptions.address(wrong)).kind());
    }
  }

  @Test
  void anAddressThatIsTakenIsToldAndNothingIsLeft() throws IOException {
    InetSocketAddress taken =
        new InetSocketAddress(home.endpoint().getHost(), home.endpoint().getPort());
    FirnException refused =
        assertThrows(
            FirnException.class,
            () ->
                OapiServer.start(
                    home.whole,
                    null,
                    home.transfers,
                    new OapiOptions(taken, null, null, null, false)));
    assertEquals(ErrorKind.CONFLICT, refused.kind());
    assertEquals(0, home.ok("north", "ReadVolumes", "{}").get("Volumes").size());
  }

  @Test
  void updatesThatACrashCutShortAreOver() throws Exception {
    String account = home.account("north");
    String grown = home.volume("north", 1);
    String kept = home.volume("north", 1);
    home.close();
    // As a process leaves them that is killed between its steps.
    try (var catalog =
        java.sql.DriverManager.getConnection(
            "jdbc:sqlite:" + directory.resolve("home/catalog.db"))) {
      int number = 100;
      for (String volume : List.of(grown, kept)) {
        try (var insert =
            catalog.prepareStatement(
                "INSERT INTO volume_update_tasks (number, id, account_id, volume_id, state,"
                    + " origin_size_bytes, origin_type, target_size_bytes, target_type,"
                    + " started_at_millis) VALUES (?, ?, ?, ?, 'active', 1, 'standard', ?,"
                    + " 'gp2', 1)")) {
          insert.setInt(1, number);
          insert.setString(2, "vol-update-0000000" + number++ % 10);
          insert.setString(3, account);
          insert.setString(4, volume);
          insert.setLong(5, volume.equals(grown) ? 1L << 30 : 2L << 30);
          insert.executeUpdate();
        }
      }
    }
    home = new ServedHome(directory);
    Stream<String> states =
        home.whole.as(account).cloud().updates(0, 10).stream().map(task -> task.state());
    assertEquals(List.of("completed", "failed"), states.toList());
  }
}
