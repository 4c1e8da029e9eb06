package dev.firn.server.oapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.outscale.osc_sdk_java.client.model.FiltersAccessKeys;
import io.github.outscale.osc_sdk_java.client.model.FiltersApiLog;
import io.github.outscale.osc_sdk_java.client.model.FiltersExportTask;
import io.github.outscale.osc_sdk_java.client.model.FiltersImage;
import io.github.outscale.osc_sdk_java.client.model.FiltersQuota;
import io.github.outscale.osc_sdk_java.client.model.FiltersSnapshot;
import io.github.outscale.osc_sdk_java.client.model.FiltersSubregion;
import io.github.outscale.osc_sdk_java.client.model.FiltersTag;
import io.github.outscale.osc_sdk_java.client.model.FiltersVolume;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Of each Read action each filter: one that matches, one that does not, one that is no filter of
 * its kind, and an unknown one. Which filters there are say the server's own description of itself,
 * the official client, and OUTSCALE's description of the API where {@code -Dfirn.oapi=FILE} names
 * it.
 */
class FiltersTest {
  @TempDir Path directory;
  private ServedHome home;

  /** The filters that were tried, by action. */
  private final Map<String, Set<String>> tried = new TreeMap<>();

  @BeforeEach
  void serve() throws IOException {
    home = new ServedHome(directory);
  }

  @AfterEach
  void stop() throws IOException {
    home.close();
  }

  @Test
  void eachFilterMatchesAndDoesNot() throws IOException {
    String volume = home.volume("north", 3);
    String snapshot = home.snapshot("north", volume);
    String south = home.account("south");
    home.ok(
        "north",
        "UpdateSnapshot",
        "{'SnapshotId':'"
            + snapshot
            + "','PermissionsToCreateVolume':{'Additions':{'AccountIds':['"
            + south
            + "'],'GlobalPermission':true}}}");
    String token =
        home.ok(
                "north",
                "CreateVolume",
                "{'SubregionName':'local-1a','SnapshotId':'"
                    + snapshot
                    + "','ClientToken':'vt','VolumeType':'gp2'}")
            .get("Volume")
            .get("VolumeId")
            .asText();
    home.ok(
        "north",
        "LinkVolume",
        "{'VolumeId':'" + token + "','VmId':'i-00000001','DeviceName':'/dev/sdb'}");
    JsonNode linked =
        home.ok("north", "ReadVolumes", "{'Filters':{'VolumeIds':['" + token + "']}}")
            .get("Volumes")
            .get(0);
    home.ok(
        "north",
        "CreateTags",
        "{'ResourceIds':['"
            + token
            + "','"
            + snapshot
            + "'],'Tags':[{'Key':'stage','Value':'test'}]}");
    Map<String, String> volumeFilters =
        Map.ofEntries(
            Map.entry("ClientTokens", "['vt'] ['no']"),
            Map.entry(
                "CreationDates",
                "['" + linked.get("CreationDate").asText() + "'] ['2020-01-01T00:00:00Z']"),
            Map.entry("LinkVolumeDeleteOnVmDeletion", "false true"),
            Map.entry("LinkVolumeDeviceNames", "['/dev/sdb'] ['/dev/sdc']"),
            Map.entry("LinkVolumeLinkStates", "['attached'] ['detached']"),
            Map.entry("LinkVolumeVmIds", "['i-00000001'] ['i-00000002']"),
            Map.entry("SnapshotIds", "['" + snapshot + "'] ['snap-00000000']"),
            Map.entry("SubregionNames", "['local-1a'] ['local-1b']"),
            Map.entry("TagKeys", "['stage'] ['test']"),
            Map.entry("TagValues", "['test'] ['stage']"),
            Map.entry("Tags", "['stage=test'] ['stage=live']"),
            Map.entry("VolumeIds", "['" + token + "'] ['vol-00000000']"),
            Map.entry("VolumeSizes", "[3] [4]"),
            Map.entry("VolumeStates", "['in-use'] ['error']"),
            Map.entry("VolumeTypes", "['gp2'] ['io1']"));
    filters("ReadVolumes", "Volumes", volumeFilters);
    filters(
        "ReadVolumes",
        "Volumes",
        Map.of(
            "LinkVolumeLinkDates",
            "['"
                + Values.time(
                    home.whole
                        .as(home.account("north"))
                        .cloud()
                        .attachments()
                        .get(token)
                        .linkedAt())
                + "'] ['2020-01-01']"));
    String second =
        home.ok(
                "north",
                "CreateSnapshot",
                "{'VolumeId':'" + volume + "','ClientToken':'st','Description':'other'}")
            .get("Snapshot")
            .get("SnapshotId")
            .asText();
    home.awaitCompleted("north", second);
    filters(
        "ReadSnapshots",
        "Snapshots",
        Map.ofEntries(
            Map.entry("AccountAliases", "['north'] ['south']"),
            Map.entry("AccountIds", "['" + home.account("north") + "'] ['" + south + "']"),
            Map.entry("ClientTokens", "['st'] ['vt']"),
            Map.entry("Descriptions", "['other'] ['']"),
            Map.entry("FromCreationDate", "'2020-01-01T00:00:00.000Z' '2050-01-01T00:00:00.000Z'"),
            Map.entry(
                "PermissionsToCreateVolumeAccountIds",
                "['" + south + "'] ['" + home.account("north") + "']"),
            Map.entry("Progresses", "[100] [50]"),
            Map.entry("SnapshotIds", "['" + second + "'] ['snap-00000000']"),
            Map.entry("States", "['completed'] ['error']"),
            Map.entry("TagKeys", "['stage'] ['test']"),
            Map.entry("TagValues", "['test'] ['stage']"),
            Map.entry("Tags", "['stage=test'] ['stage=live']"),
            Map.entry("ToCreationDate", "'2050-01-01T00:00:00.000Z' '2020-01-01T00:00:00.000Z'"),
            Map.entry("VolumeIds", "['" + volume + "'] ['" + token + "']"),
            Map.entry("VolumeSizes", "[3] [4]")));
    tried.get("ReadSnapshots").add("PermissionsToCreateVolumeGlobalPermission");
    for (boolean everybody : new boolean[] {true, false}) {
      JsonNode found =
          home.ok(
                  "north",
                  "ReadSnapshots",
                  "{'Filters':{'PermissionsToCreateVolumeGlobalPermission':" + everybody + "}}")
              .get("Snapshots");
      assertEquals(1, found.size());
      assertEquals(everybody ? snapshot : second, found.get(0).get("SnapshotId").asText());
    }
    filters(
        "ReadTags",
        "Tags",
        Map.of(
            "Keys", "['stage'] ['test']",
            "ResourceIds", "['" + snapshot + "'] ['" + second + "']",
            "ResourceTypes", "['snapshot'] ['image']",
            "Values", "['test'] ['stage']"));
    home.ok("north", "UpdateVolume", "{'VolumeId':'" + volume + "','Size':4}");
    String task =
        home.ok("north", "ReadVolumeUpdateTasks", "{}")
            .get("VolumeUpdateTasks")
            .get(0)
            .get("TaskId")
            .asText();
    filters(
        "ReadVolumeUpdateTasks",
        "VolumeUpdateTasks",
        Map.of(
            "TaskIds", "['" + task + "'] ['vol-update-00000000']",
            "VolumeIds", "['" + volume + "'] ['" + token + "']"));
    filters(
        "ReadSubregions",
        "Subregions",
        Map.of(
            "RegionNames", "['local-1'] ['local-2']",
            "States", "['available'] ['unavailable']",
            "SubregionNames", "['local-1a'] ['local-1b']"));
    filters(
        "ReadQuotas",
        "QuotaTypes",
        Map.of(
            "Collections", "['Storage'] ['Network']",
            "QuotaNames", "['snapshots'] ['cores']",
            "QuotaTypes", "['global'] ['vpc-12345678']",
            "ShortDescriptions", "['tags'] ['cores']"));
    filters(
        "ReadAccessKeys",
        "AccessKeys",
        Map.of(
            "AccessKeyIds",
            "['" + home.key("north").key().id() + "'] ['" + home.key("south").key().id() + "']",
            "States",
            "['ACTIVE'] ['INACTIVE']"));
    home.ok(
        "north",
        "CreateImage",
        "{'ImageName':'image','Description':'d','RootDeviceName':'/dev/sda1',"
            + "'ProductCodes':['0001'],'BlockDeviceMappings':[{'DeviceName':'/dev/sda1','Bsu':"
            + "{'SnapshotId':'"
            + snapshot
            + "','VolumeType':'gp2'}}]}");
    JsonNode image = home.ok("north", "ReadImages", "{}").get("Images").get(0);
    String imageId = image.get("ImageId").asText();
    home.ok(
        "north",
        "UpdateImage",
        "{'ImageId':'"
            + imageId
            + "','PermissionsToLaunch':{'Additions':{'AccountIds':['"
            + south
            + "']}}}");
    home.ok(
        "north",
        "CreateTags",
        "{'ResourceIds':['" + imageId + "'],'Tags':[{'Key':'stage','Value':'test'}]}");
    filters(
        "ReadImages",
        "Images",
        Map.ofEntries(
            Map.entry("AccountAliases", "['north'] ['south']"),
            Map.entry("AccountIds", "['" + home.account("north") + "'] ['" + south + "']"),
            Map.entry("Architectures", "['x86_64'] ['i386']"),
            Map.entry("BlockDeviceMappingDeleteOnVmDeletion", "true false"),
            Map.entry("BlockDeviceMappingDeviceNames", "['/dev/sda1'] ['/dev/sdb']"),
            Map.entry("BlockDeviceMappingSnapshotIds", "['" + snapshot + "'] ['" + second + "']"),
            Map.entry("BlockDeviceMappingVolumeSizes", "[3] [4]"),
            Map.entry("BlockDeviceMappingVolumeTypes", "['gp2'] ['standard']"),
            Map.entry("BootModes", "['legacy'] ['uefi']"),
            Map.entry("Descriptions", "['d'] ['e']"),
            Map.entry("FileLocations", "['" + home.account("north") + "/image'] ['other']"),
            Map.entry("Hypervisors", "['xen'] ['kvm']"),
            Map.entry("ImageIds", "['" + imageId + "'] ['ami-00000000']"),
            Map.entry("ImageNames", "['image'] ['other']"),
            Map.entry(
                "PermissionsToLaunchAccountIds",
                "['" + south + "'] ['" + home.account("north") + "']"),
            Map.entry("PermissionsToLaunchGlobalPermission", "false true"),
            Map.entry("ProductCodeNames", "['0001'] ['0002']"),
            Map.entry("ProductCodes", "['0001'] ['0002']"),
            Map.entry("RootDeviceNames", "['/dev/sda1'] ['/dev/sdb']"),
            Map.entry("RootDeviceTypes", "['bsu'] ['ebs']"),
            Map.entry("SecureBoot", "false true"),
            Map.entry("States", "['available'] ['failed']"),
            Map.entry("TagKeys", "['stage'] ['test']"),
            Map.entry("TagValues", "['test'] ['stage']"),
            Map.entry("Tags", "['stage=test'] ['stage=live']"),
            Map.entry("TpmMandatory", "false true"),
            Map.entry("VirtualizationTypes", "['hvm'] ['pv']")));
    home.useBuckets();
    String snapshotTask = home.exportTask("north", "Snapshot", snapshot);
    String imageTask = home.exportTask("north", "Image", imageId);
    filters(
        "ReadSnapshotExportTasks",
        "SnapshotExportTasks",
        Map.of(
            "SnapshotIds", "['" + snapshot + "'] ['" + second + "']",
            "TaskIds", "['" + snapshotTask + "'] ['" + imageTask + "']"));
    filters(
        "ReadImageExportTasks",
        "ImageExportTasks",
        Map.of(
            "ImageIds", "['" + imageId + "'] ['ami-00000000']",
            "TaskIds", "['" + imageTask + "'] ['" + snapshotTask + "']"));
    JsonNode log = home.ok("north", "ReadApiLogs", "{'ResultsPerPage':1}").get("Logs").get(0);
    filters(
        "ReadApiLogs",
        "Logs",
        Map.of(
            "QueryAccessKeys", "['" + home.key("north").key().id() + "'] ['x']",
            "QueryApiNames", "['oapi'] ['other']",
            "QueryCallNames", "['CreateVolume'] ['DeleteVolume']",
            "QueryDateAfter", "'2020-01-01' '2050-01-01'",
            "QueryDateBefore", "'" + home.clock.instant().plusSeconds(90) + "' '2020-01-01'",
            "QueryIpAddresses", "['127.0.0.1'] ['192.0.2.1']",
            "QueryUserAgents", "['" + log.get("QueryUserAgent").asText() + "'] ['other']",
            "RequestIds", "['" + log.get("RequestId").asText() + "'] ['x']",
            "ResponseStatusCodes", "[200] [500]"));
    requireAll();
  }

  /** Each filter with a value that something has, and, behind a space, one that nothing has. */
  private void filters(String action, String field, Map<String, String> values) throws IOException {
    for (Map.Entry<String, String> filter : values.entrySet()) {
      tried.computeIfAbsent(action, key -> new TreeSet<>()).add(filter.getKey());
      String[] both = filter.getValue().split(" ");
      for (int i = 0; i < 2; i++) {
        String body = "{'Filters':{'" + filter.getKey() + "':" + both[i] + "}}";
        if (filter.getKey().equals("QueryDateAfter")) {
          body = body.replace("}}", ",'QueryDateBefore':'2060-01-01'}}");
        }
        JsonNode found = home.ok("north", action, body).get(field);
        assertEquals(i == 0, !found.isEmpty(), action + body + found);
      }
      // What a filter's values may be is part of its description.
      home.fails(400, "4108", "north", action, "{'Filters':{'" + filter.getKey() + "':{}}}");
    }
    home.fails(400, "4023", "north", action, "{'Filters':{'Colours':['red']}}");
  }

  /** Fails if there is a filter that was not tried. */
  private void requireAll() throws IOException {
    Map<String, Set<String>> known = new TreeMap<>();
    for (Action action : home.server.actions()) {
      Set<String> names = action.parameters().names("Filters");
      if (!names.isEmpty()) {
        known.put(action.name(), names);
      }
    }
    assertEquals(known, tried);
    Map<String, Set<String>> ofClient =
        Map.of(
            "ReadAccessKeys", FiltersAccessKeys.openapiFields,
            "ReadApiLogs", FiltersApiLog.openapiFields,
            "ReadImageExportTasks", FiltersExportTask.openapiFields,
            "ReadImages", FiltersImage.openapiFields,
            "ReadQuotas", FiltersQuota.openapiFields,
            "ReadSnapshotExportTasks", FiltersExportTask.openapiFields,
            "ReadSnapshots", FiltersSnapshot.openapiFields,
            "ReadSubregions", FiltersSubregion.openapiFields,
            "ReadTags", FiltersTag.openapiFields,
            "ReadVolumes", FiltersVolume.openapiFields);
    // The client is older, and may lack some.
    ofClient.forEach(
        (action, filters) -> {
          Set<String> missing = new TreeSet<>(filters);
          missing.removeAll(tried.get(action));
          assertEquals(Set.of(), missing, action);
        });
    String description = System.getProperty("firn.oapi", "");
    if (!description.isEmpty()) {
      assertEquals(described(Files.readAllLines(Path.of(description))), tried);
    }
  }

  /** The filters of all actions, as OUTSCALE's description has them. */
  private static Map<String, Set<String>> described(List<String> lines) {
    Map<String, String> schemas = new HashMap<>();
    Map<String, Set<String>> filters = new HashMap<>();
    String schema = "";
    for (String line : lines) {
      if (line.matches(" {4}[A-Za-z]+:")) {
        schema = line.strip().replace(":", "");
      } else if (schema.startsWith("Filters") && line.matches(" {8}[A-Za-z]+:")) {
        filters.computeIfAbsent(schema, key -> new TreeSet<>()).add(line.strip().replace(":", ""));
      } else if (schema.matches("Read.*Request") && line.contains("/schemas/Filters")) {
        schemas.put(
            schema.replace("Request", ""), line.replaceAll(".*/schemas/([A-Za-z]+).*", "$1"));
      }
    }
    assertTrue(schemas.size() > 5, schemas.toString());
    Map<String, Set<String>> all = new TreeMap<>();
    schemas.forEach((action, name) -> all.put(action, filters.get(name)));
    return all;
  }
}
