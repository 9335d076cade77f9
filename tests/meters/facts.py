"""Register facts of the meters as the sources named beside each model have them: the images of this test are written from them.

The test's own table, so that a mistake in the manager's tables is not repeated here. MODELS[id] holds transports, function, order of registers,
areas that may be read (first, count) and points: (quantity, phase, address, type, scale, exponent address or None), where value = raw x scale x
10^exponent in V, A, W, Wh, Hz or 1; "as" names a model with the same areas and points. SunSpec addresses count from the id of the meter model.
"""

MODELS = {
    # B-control / TQ-Systems EM300-LR (also EM4x0 'EM420 compatible'). Sources:
    #   OpenEMS/openems: io.openems.edge.meter.bcontrol.em300/src/io/openems/edge/meter/bcontrol/em300/MeterBControlEM300Impl.java; openWB/core:
    #   packages/modules/devices/kostal/kostal_sem/counter.py (same map); TQ_EM_Modbus_Slave.0013.pdf (cited in evcc-io/evcc issue 74; not read)
    "tq_em300_lr": {
        "transports": "tcp", "function": 3, "words": "high",
        "areas": [(0, 28), (40, 106), (512, 8), (592, 8), (672, 8), (752, 8)],
        "points": [
            ("power_plus", "total", 0, "uint32", 0.1, None), ("power_minus", "total", 2, "uint32", 0.1, None),
            ("factor", "total", 24, "int32", 0.001, None), ("frequency", "total", 26, "uint32", 0.001, None),
            ("power_plus", "L1", 40, "uint32", 0.1, None), ("power_minus", "L1", 42, "uint32", 0.1, None),
            ("current", "L1", 60, "uint32", 0.001, None), ("voltage", "L1", 62, "uint32", 0.001, None), ("factor", "L1", 64, "int32", 0.001, None),
            ("power_plus", "L2", 80, "uint32", 0.1, None), ("power_minus", "L2", 82, "uint32", 0.1, None),
            ("current", "L2", 100, "uint32", 0.001, None), ("voltage", "L2", 102, "uint32", 0.001, None), ("factor", "L2", 104, "int32", 0.001, None),
            ("power_plus", "L3", 120, "uint32", 0.1, None), ("power_minus", "L3", 122, "uint32", 0.1, None),
            ("current", "L3", 140, "uint32", 0.001, None), ("voltage", "L3", 142, "uint32", 0.001, None), ("factor", "L3", 144, "int32", 0.001, None),
            ("import", "total", 512, "uint64", 0.1, None), ("export", "total", 516, "uint64", 0.1, None), ("import", "L1", 592, "uint64", 0.1, None),
            ("export", "L1", 596, "uint64", 0.1, None), ("import", "L2", 672, "uint64", 0.1, None), ("export", "L2", 676, "uint64", 0.1, None),
            ("import", "L3", 752, "uint64", 0.1, None), ("export", "L3", 756, "uint64", 0.1, None),
        ],
    },
    # KOSTAL Smart Energy Meter KSEM (TQ). Sources:
    #   openWB/core: packages/modules/devices/kostal/kostal_sem/counter.py; evcc-io/evcc: templates/definition/meter/kostal-ksem.yaml;
    #   https://docslib.org/doc/8777188 (KOSTAL interface description); https://raw.githubusercontent.com/nobrega8/mbmap-library (kostal entry, cites
    #   BA_KOSTAL_Interface_KSEM_EN.pdf); steff393/wbec issue 170 (unit id)
    "kostal_ksem": {"transports": "tcp+rtu", "as": "tq_em300_lr"},
    # Siemens 7KT1260 (7KT PAC1200 data manager, TQ platform). Sources:
    #   https://www.manualslib.com/manual/1482227 page 68 (Siemens 7KT PAC1200 system manual); OpenEMS/openems: io.openems.edge.meter.bcontrol.em300
    #   (shared map)
    "siemens_7kt1260": {"transports": "tcp", "as": "tq_em300_lr"},
    # SunSpec three-phase wye meter, model 203 (integer + scale factor). Sources:
    #   sunspec/models: json/model_203.json; evcc-io/evcc: templates/definition/meter/sunspec-meter.yaml
    "sunspec_203": {
        "transports": "tcp+rtu", "function": 3, "words": "high",
        "areas": [(0, 107)],
        "points": [
            ("current", "total", 2, "int16", 1, 6), ("current", "L1", 3, "int16", 1, 6), ("current", "L2", 4, "int16", 1, 6),
            ("current", "L3", 5, "int16", 1, 6), ("voltage", "L1", 8, "int16", 1, 15), ("voltage", "L2", 9, "int16", 1, 15),
            ("voltage", "L3", 10, "int16", 1, 15), ("frequency", "total", 16, "int16", 1, 17), ("power", "total", 18, "int16", 1, 22),
            ("power", "L1", 19, "int16", 1, 22), ("power", "L2", 20, "int16", 1, 22), ("power", "L3", 21, "int16", 1, 22),
            ("factor", "total", 33, "int16", 0.01, 37), ("factor", "L1", 34, "int16", 0.01, 37), ("factor", "L2", 35, "int16", 0.01, 37),
            ("factor", "L3", 36, "int16", 0.01, 37), ("export", "total", 38, "acc32", 1, 54), ("export", "L1", 40, "acc32", 1, 54),
            ("export", "L2", 42, "acc32", 1, 54), ("export", "L3", 44, "acc32", 1, 54), ("import", "total", 46, "acc32", 1, 54),
            ("import", "L1", 48, "acc32", 1, 54), ("import", "L2", 50, "acc32", 1, 54), ("import", "L3", 52, "acc32", 1, 54),
        ],
    },
    # KEBA KeContact E10 (TQ platform). Sources:
    #   evcc-io/evcc: templates/definition/meter/keba-kecontact.yaml
    "keba_kecontact_e10": {"transports": "tcp", "as": "sunspec_203"},
    # Fronius Smart Meter TS 65A-3 through Symo/GEN24 (Modbus TCP SunSpec). Sources:
    #   evcc-io/evcc: templates/definition/meter/fronius-gen24.yaml; sunspec/models: json/model_203.json, model_213.json
    "fronius_ts65a3_sunspec": {"transports": "tcp", "as": "sunspec_203"},
    # Fronius Smart Meter TS 65A-3 direct on RS-485. Sources:
    #   otti/FroniusModbusRtu: README.md
    "fronius_ts65a3_direct": {
        "transports": "rtu", "function": 3, "words": "low",
        "areas": [(258, 16), (286, 42), (1024, 16)],
        "points": [
            ("voltage", "L1", 288, "int32", 0.1, None), ("voltage", "L2", 302, "int32", 0.1, None), ("voltage", "L3", 316, "int32", 0.1, None),
            ("current", "L1", 290, "int32", 0.001, None), ("current", "L2", 304, "int32", 0.001, None), ("current", "L3", 318, "int32", 0.001, None),
            ("power", "L1", 292, "int32", 0.1, None), ("power", "L2", 306, "int32", 0.1, None), ("power", "L3", 320, "int32", 0.1, None),
            ("power", "total", 262, "int32", 0.1, None), ("factor", "L1", 298, "int32", 0.001, None), ("factor", "L2", 312, "int32", 0.001, None),
            ("factor", "L3", 326, "int32", 0.001, None), ("factor", "total", 268, "int32", 0.001, None),
            ("frequency", "total", 272, "int32", 0.1, None), ("import", "total", 1024, "int32", 1000, None),
            ("import", "total", 1026, "int32", 1, None), ("export", "total", 1032, "int32", 1000, None), ("export", "total", 1034, "int32", 1, None),
        ],
    },
    # Carlo Gavazzi EM24 Ethernet (EM24 E1). Sources:
    #   volkszaehler/mbmd: meters/rs485/carlogavazzi-em24_e1.go; victronenergy/dbus-modbus-client: carlo_gavazzi.py; openWB/core:
    #   packages/modules/devices/carlo_gavazzi/carlo_gavazzi/counter.py; nobrega8/mbmap-library (EM24 Ethernet entry; cites EM24_E1_CP.pdf);
    #   evcc-io/evcc: templates/definition/meter/cg-em24_e1.yaml
    "cg_em24_e1": {
        "transports": "tcp", "function": 4, "words": "low",
        "areas": [(0, 6), (12, 6), (18, 6), (40, 2), (46, 8), (64, 6), (78, 2)],
        "points": [
            ("voltage", "L1", 0, "int32", 0.1, None), ("voltage", "L2", 2, "int32", 0.1, None), ("voltage", "L3", 4, "int32", 0.1, None),
            ("current", "L1", 12, "int32", 0.001, None), ("current", "L2", 14, "int32", 0.001, None), ("current", "L3", 16, "int32", 0.001, None),
            ("power", "L1", 18, "int32", 0.1, None), ("power", "L2", 20, "int32", 0.1, None), ("power", "L3", 22, "int32", 0.1, None),
            ("power", "total", 40, "int32", 0.1, None), ("factor", "L1", 46, "int16", 0.001, None), ("factor", "L2", 47, "int16", 0.001, None),
            ("factor", "L3", 48, "int16", 0.001, None), ("factor", "total", 49, "int16", 0.001, None),
            ("frequency", "total", 51, "uint16", 0.1, None), ("import", "total", 52, "int32", 100, None), ("export", "total", 78, "int32", 100, None),
            ("import", "L1", 64, "int32", 100, None), ("import", "L2", 66, "int32", 100, None), ("import", "L3", 68, "int32", 100, None),
        ],
    },
    # Carlo Gavazzi EM24-DIN (RS-485). Sources:
    #   https://raw.githubusercontent.com/nobrega8/mbmap-library/main/maps/carlo-gavazzi/em24-is.mbmap.json (cites EM24_IS_CP.pdf v4r0);
    #   evcc-io/evcc: templates/definition/meter/cg-em24.yaml, issue 31143
    "cg_em24_rtu": {
        "transports": "rtu", "function": 4, "words": "low",
        "areas": [(0, 6), (12, 6), (18, 6), (40, 2), (50, 6), (66, 10), (92, 2)],
        "points": [
            ("voltage", "L1", 0, "int32", 0.1, None), ("voltage", "L2", 2, "int32", 0.1, None), ("voltage", "L3", 4, "int32", 0.1, None),
            ("current", "L1", 12, "int32", 0.001, None), ("current", "L2", 14, "int32", 0.001, None), ("current", "L3", 16, "int32", 0.001, None),
            ("power", "L1", 18, "int32", 0.1, None), ("power", "L2", 20, "int32", 0.1, None), ("power", "L3", 22, "int32", 0.1, None),
            ("power", "total", 40, "int32", 0.1, None), ("factor", "L1", 50, "int16", 0.001, None), ("factor", "L2", 51, "int16", 0.001, None),
            ("factor", "L3", 52, "int16", 0.001, None), ("factor", "total", 53, "int16", 0.001, None),
            ("frequency", "total", 55, "uint16", 0.1, None), ("import", "total", 66, "int32", 100, None), ("export", "total", 92, "int32", 100, None),
            ("import", "L1", 70, "int32", 100, None), ("import", "L2", 72, "int32", 100, None), ("import", "L3", 74, "int32", 100, None),
        ],
    },
    # ABB B23 312 / Janitza B23 312-10J. Sources:
    #   volkszaehler/mbmd: meters/rs485/abb.go; openWB/core: packages/modules/common/b23.py; victronenergy/dbus-modbus-client: abb.py;
    #   SmartEVSE/SmartEVSE-3: SmartEVSE-3/src/meter.cpp; nobrega8/mbmap-library (b23-b24; cites ABB 2CMC485003M0201 rev E)
    "abb_b23": {
        "transports": "rtu", "function": 3, "words": "high",
        "areas": [(23296, 62), (20480, 8), (21600, 24)],
        "points": [
            ("voltage", "L1", 23296, "uint32", 0.1, None), ("voltage", "L2", 23298, "uint32", 0.1, None),
            ("voltage", "L3", 23300, "uint32", 0.1, None), ("current", "L1", 23308, "uint32", 0.01, None),
            ("current", "L2", 23310, "uint32", 0.01, None), ("current", "L3", 23312, "uint32", 0.01, None),
            ("power", "L1", 23318, "int32", 0.01, None), ("power", "L2", 23320, "int32", 0.01, None), ("power", "L3", 23322, "int32", 0.01, None),
            ("power", "total", 23316, "int32", 0.01, None), ("frequency", "total", 23340, "uint16", 0.01, None),
            ("factor", "total", 23354, "int16", 0.001, None), ("factor", "L1", 23355, "int16", 0.001, None),
            ("factor", "L2", 23356, "int16", 0.001, None), ("factor", "L3", 23357, "int16", 0.001, None),
            ("import", "total", 20480, "uint64", 10, None), ("export", "total", 20484, "uint64", 10, None),
            ("import", "L1", 21600, "uint64", 10, None), ("import", "L2", 21604, "uint64", 10, None), ("import", "L3", 21608, "uint64", 10, None),
            ("export", "L1", 21612, "uint64", 10, None), ("export", "L2", 21616, "uint64", 10, None), ("export", "L3", 21620, "uint64", 10, None),
        ],
    },
    # ABB B21 312 / Janitza B21 312-10J (single-phase). Sources:
    #   victronenergy/dbus-modbus-client: abb.py (B21 class); nobrega8/mbmap-library (b21; cites ABB 2CMC485004M0201 rev D)
    "abb_b21": {
        "transports": "rtu", "function": 3, "words": "high",
        "areas": [(23296, 59), (20480, 8)],
        "points": [
            ("voltage", "L1", 23296, "uint32", 0.1, None), ("current", "L1", 23308, "uint32", 0.01, None),
            ("power", "total", 23316, "int32", 0.01, None), ("frequency", "total", 23340, "uint16", 0.01, None),
            ("factor", "total", 23354, "int16", 0.001, None), ("import", "total", 20480, "uint64", 10, None),
            ("export", "total", 20484, "uint64", 10, None),
        ],
    },
    # Janitza B-series float map (alternative for B23/B21 312-10J). Sources:
    #   volkszaehler/mbmd: meters/rs485/janitza.go and README; jibrilsharafi/modbus-database:
    #   modbus-tables/janitza/b21-b23-b24/latest/registers.json; openWB/core: packages/modules/devices/janitza/janitza/counter.py; evcc-io/evcc:
    #   templates/definition/meter/janitza.yaml
    "janitza_b_float": {
        "transports": "rtu", "function": 3, "words": "high",
        "areas": [(19000, 78)],
        "points": [
            ("voltage", "L1", 19000, "float32", 1, None), ("voltage", "L2", 19002, "float32", 1, None), ("voltage", "L3", 19004, "float32", 1, None),
            ("current", "L1", 19012, "float32", 1, None), ("current", "L2", 19014, "float32", 1, None), ("current", "L3", 19016, "float32", 1, None),
            ("power", "L1", 19020, "float32", 1, None), ("power", "L2", 19022, "float32", 1, None), ("power", "L3", 19024, "float32", 1, None),
            ("power", "total", 19026, "float32", 1, None), ("factor", "L1", 19044, "float32", 1, None), ("factor", "L2", 19046, "float32", 1, None),
            ("factor", "L3", 19048, "float32", 1, None), ("frequency", "total", 19050, "float32", 1, None),
            ("import", "L1", 19062, "float32", 1, None), ("import", "L2", 19064, "float32", 1, None), ("import", "L3", 19066, "float32", 1, None),
            ("import", "total", 19068, "float32", 1, None), ("export", "L1", 19070, "float32", 1, None), ("export", "L2", 19072, "float32", 1, None),
            ("export", "L3", 19074, "float32", 1, None), ("export", "total", 19076, "float32", 1, None),
        ],
    },
    # Janitza ECSEM114MID / Herholdt ECSEM113 (Herholdt Controls ECS family). Sources:
    #   https://www.aggsoft.com/serial-data-logger/tutorials/modbus-data-logging/herholdt-control-ecsem-ecsan-ecspm.htm;
    #   https://www.aggsoft.com/serial-data-logger/tutorials/modbus-data-logging/janitza-ecs.htm; jibrilsharafi/modbus-database:
    #   modbus-tables/herholdt/control-ecsem-ecsan-ecspm, modbus-tables/janitza/ecs; Modbus-Monitor/modbus-device-maps:
    #   maps/herholdt-controls/ecs.json, maps/janitza/ecs.json (conflicting), maps/iskra/ecs3.json; networkupstools/nut: drivers/nutdrv_modbus.c
    #   branch (Eaton EMECMODB)
    "janitza_ecsem114mid": {
        "transports": "rtu+tcp", "function": 3, "words": "high",
        "areas": [(4267, 38), (4151, 10), (4119, 16), (4161, 16)],
        "points": [
            ("voltage", "L1", 4267, "float32", 1, None), ("voltage", "L2", 4269, "float32", 1, None), ("voltage", "L3", 4271, "float32", 1, None),
            ("current", "L1", 4279, "float32", 1, None), ("current", "L2", 4281, "float32", 1, None), ("current", "L3", 4283, "float32", 1, None),
            ("power", "L1", 4151, "float32", 1000, None), ("power", "L2", 4153, "float32", 1000, None), ("power", "L3", 4155, "float32", 1000, None),
            ("factor", "L1", 4295, "float32", 1, None), ("factor", "L2", 4297, "float32", 1, None), ("factor", "L3", 4299, "float32", 1, None),
            ("factor", "total", 4301, "float32", 1, None), ("frequency", "total", 4303, "float32", 1, None),
        ],
    },
    # Inepro PRO380-Mod. Sources:
    #   volkszaehler/mbmd: meters/rs485/inepro.go; nobrega8/mbmap-library (pro380, metering-pro2; cite Inepro manual V2.18 app. A3.2);
    #   jibrilsharafi/modbus-database: modbus-tables/inepro/; SmartEVSE/SmartEVSE-3: SmartEVSE-3/src/meter.cpp
    "inepro_pro380": {
        "transports": "rtu", "function": 3, "words": "high",
        "areas": [(20482, 6), (20488, 2), (20492, 6), (20498, 8), (20522, 8), (24588, 2), (24600, 2), (24594, 6), (24606, 6)],
        "points": [
            ("voltage", "L1", 20482, "float32", 1, None), ("voltage", "L2", 20484, "float32", 1, None), ("voltage", "L3", 20486, "float32", 1, None),
            ("current", "L1", 20492, "float32", 1, None), ("current", "L2", 20494, "float32", 1, None), ("current", "L3", 20496, "float32", 1, None),
            ("power", "L1", 20500, "float32", 1000, None), ("power", "L2", 20502, "float32", 1000, None),
            ("power", "L3", 20504, "float32", 1000, None), ("power", "total", 20498, "float32", 1000, None),
            ("factor", "total", 20522, "float32", 1, None), ("factor", "L1", 20524, "float32", 1, None), ("factor", "L2", 20526, "float32", 1, None),
            ("factor", "L3", 20528, "float32", 1, None), ("frequency", "total", 20488, "float32", 1, None),
            ("import", "total", 24588, "float32", 1000, None), ("export", "total", 24600, "float32", 1000, None),
            ("import", "L1", 24594, "float32", 1000, None), ("import", "L2", 24596, "float32", 1000, None),
            ("import", "L3", 24598, "float32", 1000, None), ("export", "L1", 24606, "float32", 1000, None),
            ("export", "L2", 24608, "float32", 1000, None), ("export", "L3", 24610, "float32", 1000, None),
        ],
    },
    # Inepro PRO2-Mod (single-phase). Sources:
    #   volkszaehler/mbmd: meters/rs485/inepro.go; nobrega8/mbmap-library (pro380, metering-pro2; cite Inepro manual V2.18 app. A3.2);
    #   jibrilsharafi/modbus-database: modbus-tables/inepro/; SmartEVSE/SmartEVSE-3: SmartEVSE-3/src/meter.cpp
    "inepro_pro2": {
        "transports": "rtu", "function": 3, "words": "high",
        "areas": [(20482, 2), (20488, 2), (20492, 2), (20498, 4), (20522, 2), (24588, 2), (24600, 2)],
        "points": [
            ("voltage", "L1", 20482, "float32", 1, None), ("current", "L1", 20492, "float32", 1, None), ("power", "L1", 20500, "float32", 1000, None),
            ("power", "total", 20498, "float32", 1000, None), ("factor", "total", 20522, "float32", 1, None),
            ("frequency", "total", 20488, "float32", 1, None), ("import", "total", 24588, "float32", 1000, None),
            ("export", "total", 24600, "float32", 1000, None),
        ],
    },
    # Schneider Electric A9MEM3150 (iEM3150). Sources:
    #   volkszaehler/mbmd: meters/rs485/iem3000.go; Schneider DOCA0005EN-04 pages 52 and 61 (manualsonline/manualsdump copies);
    #   nobrega8/mbmap-library (iem3000; cites DOCA0005EN-16); SmartEVSE/SmartEVSE-3: src/meter.cpp, src/modbus.cpp
    "schneider_iem3150": {
        "transports": "rtu", "function": 3, "words": "high",
        "areas": [(2999, 60), (3059, 2), (3083, 2), (3109, 2), (3203, 4), (3517, 12), (45099, 2)],
        "points": [
            ("voltage", "L1", 3027, "float32", 1, None), ("voltage", "L2", 3029, "float32", 1, None), ("voltage", "L3", 3031, "float32", 1, None),
            ("current", "L1", 2999, "float32", 1, None), ("current", "L2", 3001, "float32", 1, None), ("current", "L3", 3003, "float32", 1, None),
            ("power", "L1", 3053, "float32", 1000, None), ("power", "L2", 3055, "float32", 1000, None), ("power", "L3", 3057, "float32", 1000, None),
            ("power", "total", 3059, "float32", 1000, None), ("factor", "total", 3083, "float32", 1, None),
            ("frequency", "total", 3109, "float32", 1, None), ("import", "total", 3203, "int64", 1, None),
            ("import", "total", 45099, "float32", 1, None), ("import", "L1", 3517, "int64", 1, None), ("import", "L2", 3521, "int64", 1, None),
            ("import", "L3", 3525, "int64", 1, None),
        ],
    },
    # Siemens 7KT1665 (SENTRON 7KT PAC1600, 80 A; 7KT1666 = MID). Sources:
    #   evcc-io/evcc: templates/definition/meter/siemens-7kt1665.yaml; OpenEMS/openems:
    #   io.openems.edge.meter.siemens/src/io/openems/edge/meter/siemens/pac1600/MeterSiemensPac1600Impl.java; https://manualshive.com (Siemens 7KT
    #   PAC1600 manual 2514284147-04, pages 92-95); evcc-io/evcc issue 11363; gibbo520/siemens_7KT-PAC1600 (deviating offset)
    "siemens_7kt1665": {
        "transports": "rtu", "function": 3, "words": "high",
        "areas": [(1, 30), (37, 6), (49, 12), (63, 2), (6687, 28), (6727, 28)],
        "points": [
            ("voltage", "L1", 1, "uint32", 0.01, None), ("voltage", "L2", 3, "uint32", 0.01, None), ("voltage", "L3", 5, "uint32", 0.01, None),
            ("current", "L1", 7, "uint32", 0.0001, None), ("current", "L2", 9, "uint32", 0.0001, None), ("current", "L3", 11, "uint32", 0.0001, None),
            ("power", "L1", 19, "int32", 0.01, None), ("power", "L2", 21, "int32", 0.01, None), ("power", "L3", 23, "int32", 0.01, None),
            ("power", "total", 57, "int32", 0.01, None), ("factor", "L1", 37, "int32", 0.0001, None), ("factor", "L2", 39, "int32", 0.0001, None),
            ("factor", "L3", 41, "int32", 0.0001, None), ("factor", "total", 63, "int32", 0.0001, None),
            ("frequency", "total", 49, "uint32", 0.01, None), ("import", "total", 6687, "uint32", 1, None),
            ("export", "total", 6689, "uint32", 1, None), ("import", "L1", 6707, "uint32", 1, None), ("import", "L2", 6727, "uint32", 1, None),
            ("import", "L3", 6747, "uint32", 1, None), ("export", "L1", 6709, "uint32", 1, None), ("export", "L2", 6729, "uint32", 1, None),
            ("export", "L3", 6749, "uint32", 1, None),
        ],
    },
    # Siemens 7KM PAC2200 (in KEBA's current list; bonus). Sources:
    #   volkszaehler/mbmd: meters/rs485/pac2200.go; openWB/core: packages/modules/devices/siemens/siemens_sentron/counter.py
    "siemens_7km2200": {
        "transports": "tcp+rtu", "function": 3, "words": "high",
        "areas": [(1, 2), (3, 2), (5, 2), (13, 2), (15, 2), (17, 2), (25, 2), (27, 2), (29, 2), (65, 2), (37, 2), (39, 2), (41, 2), (55, 2),
                  (801, 4), (809, 4)],
        "points": [
            ("voltage", "L1", 1, "float32", 1, None), ("voltage", "L2", 3, "float32", 1, None), ("voltage", "L3", 5, "float32", 1, None),
            ("current", "L1", 13, "float32", 1, None), ("current", "L2", 15, "float32", 1, None), ("current", "L3", 17, "float32", 1, None),
            ("power", "L1", 25, "float32", 1, None), ("power", "L2", 27, "float32", 1, None), ("power", "L3", 29, "float32", 1, None),
            ("power", "total", 65, "float32", 1, None), ("factor", "L1", 37, "float32", 1, None), ("factor", "L2", 39, "float32", 1, None),
            ("factor", "L3", 41, "float32", 1, None), ("frequency", "total", 55, "float32", 1, None), ("import", "total", 801, "float64", 1, None),
            ("export", "total", 809, "float64", 1, None),
        ],
    },
    # Gossen Metrawatt ENERGYMID EM2289 (EM228X / EM238X). Sources:
    #   hasenradball/Gossen-Metrawatt-ENERGYMID-EM22xx-Modbus: docs/em2281-em2389-interface-description_d/em2281-em2389-tcp-sb_d.pdf; same repo:
    #   em2281-em2389-modbus-rtu-sb_d.pdf and energymid_em22xx/ (tested on EM2289)
    "gossen_em2289": {
        "transports": "tcp+rtu", "function": 4, "words": "high",
        "areas": [(0, 15), (100, 11), (200, 17), (300, 14)],
        "points": [
            ("voltage", "L1", 4, "int16", 1, 12), ("voltage", "L2", 5, "int16", 1, 12), ("voltage", "L3", 6, "int16", 1, 12),
            ("current", "L1", 100, "int16", 1, 108), ("current", "L2", 101, "int16", 1, 108), ("current", "L3", 102, "int16", 1, 108),
            ("power", "L1", 200, "int16", 1, 212), ("power", "L2", 201, "int16", 1, 212), ("power", "L3", 202, "int16", 1, 212),
            ("power", "total", 203, "int16", 1, 212), ("factor", "L1", 208, "int16", 0.001, None), ("factor", "L2", 209, "int16", 0.001, None),
            ("factor", "L3", 210, "int16", 0.001, None), ("factor", "total", 211, "int16", 0.001, None),
            ("frequency", "total", 11, "uint16", 0.01, None), ("import", "total", 300, "uint32", 1, 310), ("export", "total", 302, "uint32", 1, 310),
        ],
    },
    # ABB M2M Modbus / DMTME-I-485. Sources:
    #   https://raw.githubusercontent.com/nobrega8/mbmap-library/main/maps/abb/m2m-dmtme.mbmap.json (cites 2CSG445011D0201 V2.0);
    #   jibrilsharafi/modbus-database: modbus-tables/abb/m2m-dmtme
    "abb_m2m": {
        "transports": "rtu", "function": 3, "words": "high",
        "areas": [(4096, 48), (4144, 24)],
        "points": [
            ("voltage", "L1", 4098, "uint32", 1, None), ("voltage", "L2", 4100, "uint32", 1, None), ("voltage", "L3", 4102, "uint32", 1, None),
            ("current", "L1", 4112, "uint32", 0.001, None), ("current", "L2", 4114, "uint32", 0.001, None),
            ("current", "L3", 4116, "uint32", 0.001, None), ("power", "L1", 4144, "int32", 1, None), ("power", "L2", 4146, "int32", 1, None),
            ("power", "L3", 4148, "int32", 1, None), ("power", "total", 4142, "int32", 1, None), ("factor", "L1", 4120, "int32", 0.001, None),
            ("factor", "L2", 4122, "int32", 0.001, None), ("factor", "L3", 4124, "int32", 0.001, None),
            ("factor", "total", 4118, "int32", 0.001, None), ("frequency", "total", 4166, "uint32", 0.001, None),
            ("import", "total", 4158, "uint32", 1, None),
        ],
    },
    # ABB M4M 20 / M4M 30 (in KEBA's current list). Sources:
    #   https://proxus.io/tools/modbus-register-maps/abb/m4m-20-m4m-30/; jibrilsharafi/modbus-database: modbus-tables/abb/m4m; maker document
    #   9AKK107492A7627 (not read)
    "abb_m4m": {
        "transports": "tcp+rtu", "function": 3, "words": "high",
        "areas": [(23298, 2), (20480, 4), (20484, 4), (21600, 4), (21604, 4), (21608, 4), (21612, 4), (21616, 4), (21620, 4)],
        "points": [
            ("voltage", "L1", 23298, "uint32", 0.1, None), ("import", "total", 20480, "uint64", 10, None),
            ("export", "total", 20484, "uint64", 10, None), ("import", "L1", 21600, "uint64", 10, None), ("import", "L2", 21604, "uint64", 10, None),
            ("import", "L3", 21608, "uint64", 10, None), ("export", "L1", 21612, "uint64", 10, None), ("export", "L2", 21616, "uint64", 10, None),
            ("export", "L3", 21620, "uint64", 10, None),
        ],
    },
    # Eastron SDM630-Modbus (V2). Sources:
    #   OpenEMS/openems: io.openems.edge.meter.eastron/doc/SDM630Register1-5.pdf (Eastron protocol V1.7); volkszaehler/mbmd: meters/rs485/sdm.go;
    #   SmartEVSE/SmartEVSE-3: src/meter.cpp; openWB/core: packages/modules/common/sdm.py
    "eastron_sdm630": {
        "transports": "rtu", "function": 4, "words": "high",
        "areas": [(0, 60), (60, 16), (346, 12)],
        "points": [
            ("voltage", "L1", 0, "float32", 1, None), ("voltage", "L2", 2, "float32", 1, None), ("voltage", "L3", 4, "float32", 1, None),
            ("current", "L1", 6, "float32", 1, None), ("current", "L2", 8, "float32", 1, None), ("current", "L3", 10, "float32", 1, None),
            ("power", "L1", 12, "float32", 1, None), ("power", "L2", 14, "float32", 1, None), ("power", "L3", 16, "float32", 1, None),
            ("power", "total", 52, "float32", 1, None), ("factor", "L1", 30, "float32", 1, None), ("factor", "L2", 32, "float32", 1, None),
            ("factor", "L3", 34, "float32", 1, None), ("factor", "total", 62, "float32", 1, None), ("frequency", "total", 70, "float32", 1, None),
            ("import", "total", 72, "float32", 1000, None), ("export", "total", 74, "float32", 1000, None),
            ("import", "L1", 346, "float32", 1000, None), ("import", "L2", 348, "float32", 1000, None), ("import", "L3", 350, "float32", 1000, None),
            ("export", "L1", 352, "float32", 1000, None), ("export", "L2", 354, "float32", 1000, None), ("export", "L3", 356, "float32", 1000, None),
        ],
    },
}
